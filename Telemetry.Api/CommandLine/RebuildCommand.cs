using System.CommandLine;
using System.Text.Json;
using Telemetry.Api.Hosting;
using Telemetry.Projections.Running;

namespace Telemetry.Api.CommandLine;

/// <summary><c>telemetry rebuild</c>: builds read models anew from the log.</summary>
/// <remarks>Where a server holds the data directory, it is asked to do it beside the models it answers from; else this process does it.</remarks>
internal static class RebuildCommand
{
    public static Command Create()
    {
        var name = new Argument<string?>("NAME") { Description = "The projection to build; all of them where none is named.", Arity = ArgumentArity.ZeroOrOne };
        var server = ServerOption.Create("The server to ask where one is running.");
        var command = new Command("rebuild", "Builds read models anew from the log, beside the ones in use.") { name, server };
        var stores = new StoreOptions(command);
        command.SetAction((parsed, ct) => ShowAsync(progress => DataCommand.RunAsync(
            stores.Read(parsed), parsed.GetValue(server)!, services => HereAsync(services, parsed.GetValue(name), progress, ct),
            client => ThereAsync(client, parsed.GetValue(name), progress, ct), TelemetryServer.KeepsTree(DataCommand.Configuration))));
        return command;
    }

    private static async Task<int> HereAsync(IServiceProvider services, string? name, IProgress<RebuildProgress> progress, CancellationToken ct)
    {
        var runner = services.GetRequiredService<ProjectionRunner>();
        if (name is not null && !runner.Names.Contains(name))
            return Unknown(name, runner.Names);
        foreach (var each in name is null ? runner.Names : [name])
            await runner.RebuildAsync(each, progress, ct);
        return 0;
    }

    private static async Task<int> ThereAsync(HttpClient client, string? name, IProgress<RebuildProgress> progress, CancellationToken ct)
    {
        var names = JsonElement.Parse(await client.GetStringAsync("v2/projections", ct)).EnumerateArray().Select(p => p.GetProperty("name").GetString()!).ToList();
        if (name is not null && !names.Contains(name))
            return Unknown(name, names);
        foreach (var each in name is null ? names : [name])
        {
            if (await AskOneAsync(client, each, progress, ct) is { } problem)
                return TelemetryCommand.Fail(problem);
        }
        return 0;
    }

    private static int Unknown(string name, IEnumerable<string> names) =>
        TelemetryCommand.Fail($"There is no projection '{name}'. There are: {string.Join(", ", names)}.", TelemetryCommand.UsageError);

    private static async Task<string?> AskOneAsync(HttpClient client, string name, IProgress<RebuildProgress> progress, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"v2/projections/{Uri.EscapeDataString(name)}/rebuild");
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
        if (!response.IsSuccessStatusCode)
            return await DataCommand.ProblemAsync(response, ct);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(ct));
        while (await lines.ReadLineAsync(ct) is { } line)
        {
            using var json = JsonDocument.Parse(line);
            if (json.RootElement.TryGetProperty("error", out var error))
                return error.GetString();
            progress.Report(new(
                json.RootElement.GetProperty("position").GetInt64(), json.RootElement.GetProperty("head").GetInt64(), json.RootElement.GetProperty("samples").GetInt64()));
            if (json.RootElement.TryGetProperty("done", out _))
                return null;
        }
        return "The server ended before the rebuild did; the old read models are still in use.";
    }

    private static async Task<int> ShowAsync(Func<IProgress<RebuildProgress>, Task<int>> work)
    {
        var last = new RebuildProgress();
        var code = await ProgressBars.ShowAsync("Rebuilding", report => work(new Reporter<RebuildProgress>(p =>
        {
            last = p;
            report($"{p.Samples} samples", p.Position, Math.Max(1, p.Head));
        })));
        if (code == 0)
            Console.WriteLine($"Rebuilt from {last.Samples} samples, up to position {last.Position}.");
        return code;
    }
}
