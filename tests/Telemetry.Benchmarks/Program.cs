Console.WriteLine("ingest | query | rebuild | size");
