using System.CommandLine;
using Telemetry.Ingest.Configuration;
using Telemetry.Ingest.Definitions;
using Telemetry.Ingest.Notifications;

namespace Telemetry.Api.CommandLine;

/// <summary><c>telemetry definitions check | try</c>: the files that say what is made of notifications, without a server.</summary>
internal static class DefinitionsCommand
{
    public static Command Create() => new("definitions", "The definitions of meters and events, and the pipelines: checks files, tries them on a message.") { Check(), Try() };

    private static Command Check()
    {
        var files = new Argument<string[]>("FILE") { Description = "Definitions or a pipeline, of meters or events.", Arity = ArgumentArity.OneOrMore };
        var command = new Command("check", "Says what is in files, or what is wrong with them: FILE:LINE: REASON.") { files };
        command.SetAction(parsed =>
        {
            var code = 0;
            foreach (var file in parsed.GetValue(files)!)
            {
                try
                {
                    Console.WriteLine(DefinitionFiles.Check(file));
                }
                catch (ConfigurationFileException e)
                {
                    code = TelemetryCommand.Fail(e.Message);
                }
            }
            return code;
        });
        return command;
    }

    private static Command Try()
    {
        var message = new Option<string>("--message") { Description = "The body of a message, in oslo.messaging's envelope or bare; - for the standard input.", Required = true };
        var meters = new Option<string[]>("--meters") { Description = "Meter definitions, a file or a folder; before the shipped ones. May be repeated." };
        var events = new Option<string?>("--events") { Description = "Event definitions. Default: the shipped ones." };
        var command = new Command("try", "Prints the samples and events that one message gives. Signatures in it are not checked.") { message, meters, events };
        command.SetAction(async (parsed, ct) =>
        {
            try
            {
                Console.WriteLine(new DefinitionFiles(parsed.GetValue(meters) ?? [], parsed.GetValue(events)).Try(await ReadAsync(parsed.GetValue(message)!, ct)));
                return 0;
            }
            catch (Exception e) when (e is ConfigurationFileException or MalformedMessageException or IOException or UnauthorizedAccessException)
            {
                return TelemetryCommand.Fail(e.Message);
            }
        });
        return command;
    }

    private static async Task<byte[]> ReadAsync(string file, CancellationToken ct)
    {
        if (file != "-")
            return await File.ReadAllBytesAsync(file, ct);
        using var buffer = new MemoryStream();
        await Console.OpenStandardInput().CopyToAsync(buffer, ct);
        return buffer.ToArray();
    }
}
