using System.CommandLine;
using System.Text.Json;
using Telemetry.Api.V2.Audit;
using Telemetry.Domain.Audit;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;
using Telemetry.Projections.Audit;
using EventId = Telemetry.Domain.Streams.EventId;

namespace Telemetry.Api.CommandLine;

/// <summary><c>telemetry audit verify | prove | check</c>: shows that the log is what was recorded, to us and to others.</summary>
internal static class AuditCommand
{
    /// <summary>Exit code where the log or the proof is not sound.</summary>
    private const int NotSound = 1;

    private static readonly JsonSerializerOptions Lines = new(JsonSerializerDefaults.Web);

    public static Command Create() => new("audit", "Shows that the log is what was recorded: walks it, makes proofs and checks them.") { Verify(), Prove(), Check() };

    private static Command Verify()
    {
        var server = ServerOption.Create("The server to ask where one is running.");
        var readModels = new Option<ReadModelScope>("--read-models") { Description = "How many series and alarms are compared with the log: none, spot (a hundred of each at random) or full.", DefaultValueFactory = _ => ReadModelScope.Spot };
        var command = new Command("verify", "Walks the log and compares it with its tree, with every checkpoint and with the read models. Exit code 1 where something is wrong.") { server, readModels };
        var stores = new StoreOptions(command);
        command.SetAction((parsed, ct) => DataCommand.RunAsync(
            stores.Read(parsed), parsed.GetValue(server)!, services => VerifyHereAsync(services, parsed.GetValue(readModels), ct),
            client => VerifyThereAsync(client, parsed.GetValue(readModels), ct)));
        return command;
    }

    private static Command Prove()
    {
        var id = new Argument<string>("ID") { Description = "The id of an event, of a stream's share of it, or of a sample." };
        var server = ServerOption.Create("The server to ask where one is running.");
        var command = new Command("prove", "Writes a proof that an event or sample is in the log, as JSON on standard output.") { id, server };
        var stores = new StoreOptions(command);
        command.SetAction((parsed, ct) => DataCommand.RunAsync(
            stores.Read(parsed), parsed.GetValue(server)!, services => ProveHereAsync(services, parsed.GetValue(id)!, ct),
            client => ProveThereAsync(client, parsed.GetValue(id)!, ct)));
        return command;
    }

    private static Command Check()
    {
        var file = new Argument<FileInfo>("PROOF") { Description = "The proof's file." };
        var key = new Option<FileInfo>("--key") { Description = "The file of the log's public key: one line, NAME+ID+KEY, as GET /v2/audit/key answers.", Required = true };
        var command = new Command("check", "Checks a proof with nothing but the log's public key. Exit code 1 where it proves nothing.") { file, key };
        command.SetAction((parsed, _) => Task.FromResult(CheckFile(parsed.GetValue(file)!, parsed.GetValue(key)!)));
        return command;
    }

    private static Task<int> VerifyHereAsync(IServiceProvider services, ReadModelScope scope, CancellationToken ct) => ShowAsync(async progress =>
    {
        DataCommand.LoadTree(services);
        if (scope != ReadModelScope.None)
            await DataCommand.LoadSamplesAsync(services, ct);
        var verifier = VerificationEndpoints.Verifier(services, services.GetRequiredService<AuditLog>(), scope, progress: null);
        return AuditReportView.Of(await verifier.VerifyAsync(progress, ct));
    });

    private static async Task<int> VerifyThereAsync(HttpClient client, ReadModelScope scope, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"v2/audit/verification?read_models={scope.ToString().ToLowerInvariant()}");
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
        if (!response.IsSuccessStatusCode)
            return await DataCommand.FailAsync(response, ct);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(ct));
        return await ShowAsync(async progress =>
        {
            while (await lines.ReadLineAsync(ct) is { } line)
            {
                using var json = JsonDocument.Parse(line);
                if (json.RootElement.TryGetProperty("error", out var error))
                    throw new IOException(error.GetString());
                if (json.RootElement.TryGetProperty("report", out var report))
                    return report.Deserialize<AuditReportView>(Lines)!;
                progress.Report(new(json.RootElement.GetProperty("position").GetInt64(), json.RootElement.GetProperty("head").GetInt64(), json.RootElement.GetProperty("samples").GetInt64()));
            }
            throw new IOException("The server ended before the walk did.");
        });
    }

    private static async Task<int> ShowAsync(Func<IProgress<AuditProgress>, Task<AuditReportView>> verify)
    {
        try
        {
            return Print(await ProgressBars.ShowAsync("Verifying", report => verify(
                new Reporter<AuditProgress>(p => report($"{p.Samples} samples", p.Position, Math.Max(1, p.Head))))));
        }
        catch (IOException e)
        {
            return TelemetryCommand.Fail(e.Message);
        }
    }

    private static int Print(AuditReportView report)
    {
        foreach (var fault in report.Faults)
            Console.WriteLine($"{fault.Kind}: {fault.Message}");
        Console.WriteLine($"{report.Events} events, {report.Samples} samples, {report.Leaves} leaves, root {report.Root}");
        Console.WriteLine($"{report.Checkpoints} checkpoints, {report.Signatures} signatures verified{(report.Unverified > 0 ? $", {report.Unverified} leaves after the tree" : "")}");
        if (report.Hmacs + report.UnverifiedHmacs > 0)
            Console.WriteLine($"{report.Hmacs} of {report.Hmacs + report.UnverifiedHmacs} HMACs verified");
        if (report.SeriesCompared + report.AlarmsCompared + report.StreamsCompared > 0)
            Console.WriteLine($"{report.SeriesCompared} series{(report.AlarmsCompared > 0 ? $" and {report.AlarmsCompared} alarms" : "")} compared with the read models, {report.StreamsCompared} streams with their index");
        Console.WriteLine(
            report.Faults.Count > 0 ? $"The log is not sound: {report.Faults.Count} faults."
            : report.Unverified == 0 ? "The log is sound."
            : $"No fault was found, but nothing vouches for {report.Unverified} of {report.Leaves} leaves: no tree had them before this walk.");
        return report.Faults.Count == 0 ? 0 : NotSound;
    }

    private static async Task<int> ProveHereAsync(IServiceProvider services, string id, CancellationToken ct)
    {
        try
        {
            DataCommand.LoadTree(services);
            await DataCommand.CatchUpAsync(services, ct);
            var isOfEvent = Guid.TryParseExact(id, "D", out var uuid) && await services.GetRequiredService<IEventStore>().FindAsync(EventId.Containing(uuid), ct) is not null;
            if (!isOfEvent)
                await DataCommand.LoadSamplesAsync(services, ct); // it may be an id that a sender gave
            if (await services.GetRequiredService<Prover>().ProveAsync(id, ct: ct) is not { } proof)
                return TelemetryCommand.Fail($"There is no event or sample '{id}'.");
            await WriteAsync(EventProofJson.Write(proof), ct);
            return 0;
        }
        catch (AuditException e)
        {
            return TelemetryCommand.Fail(e.Message);
        }
    }

    private static async Task<int> ProveThereAsync(HttpClient client, string id, CancellationToken ct)
    {
        using var response = await client.GetAsync($"v2/audit/proof?event={Uri.EscapeDataString(id)}", ct);
        if (!response.IsSuccessStatusCode)
            return await DataCommand.FailAsync(response, ct);
        await WriteAsync(await response.Content.ReadAsByteArrayAsync(ct), ct);
        return 0;
    }

    private static async Task WriteAsync(byte[] bytes, CancellationToken ct)
    {
        await using var output = Console.OpenStandardOutput();
        await output.WriteAsync(bytes, ct);
    }

    private static int CheckFile(FileInfo file, FileInfo key)
    {
        try
        {
            if (file.Length > EventProofJson.MaxLength)
                return TelemetryCommand.Fail($"'{file}' has {file.Length} bytes; a proof has at most {EventProofJson.MaxLength}.", TelemetryCommand.UsageError);
            var proof = EventProofJson.Read(File.ReadAllBytes(file.FullName));
            var found = ProofChecker.Check(proof, NoteVerifier.Parse(File.ReadAllText(key.FullName)));
            var e = found.Event;
            Console.WriteLine($"proved: event {e.Id} ({e.Type}), version {found.Version} of stream {found.Part.Stream}, is leaf {proof.Event.Index} of {found.Checkpoint.Size} of {found.Checkpoint.Origin}");
            if (proof.Sample is { } n && found.Part.Samples is { } samples)
                Console.WriteLine($"proved: sample {n}: {samples.Series[n]}, {samples.Volumes[n]:R} at {UnixMicroseconds.Format(samples.Timestamps[n])}");
            if (found.Signer is { } signer)
                Console.WriteLine($"proved: signed by key {signer.Id}");
            return 0;
        }
        catch (Exception e) when (e is ProofException or FormatException)
        {
            return TelemetryCommand.Fail($"not proved: {e.Message}", NotSound);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return TelemetryCommand.Fail(e.Message, TelemetryCommand.UsageError);
        }
    }
}
