using Telemetry.Api.CommandLine;

return await TelemetryCommand.RunAsync(args);
