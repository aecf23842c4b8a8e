using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Telemetry.Domain.Audit;

namespace Telemetry.Api.CommandLine;

/// <summary><c>telemetry load FILE</c>: sends a file of samples to a running server.</summary>
/// <remarks>Every part carries a key that follows from the file's content so far, so the same file sent twice counts once, and a load that
/// broke off goes on where it stopped when it is simply repeated.</remarks>
internal static class LoadCommand
{
    /// <summary>How long one part is tried again while the server is away or busy.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "A JSON list of samples, or one sample a line (NDJSON); - reads standard input." };
        file.Validators.Add(r =>
        {
            if (string.IsNullOrWhiteSpace(r.GetValueOrDefault<string>()))
                r.AddError("FILE is empty. Name a file of samples, or - for standard input.");
        });
        var server = ServerOption.Create("The server's address.");
        var batch = new Option<int>("--batch") { Description = "Samples a request, 1 to 100000. Another number makes the same file count again.", DefaultValueFactory = _ => 1000 };
        batch.Validators.Add(r =>
        {
            if (r.GetValueOrDefault<int>() is < 1 or > 100_000)
                r.AddError("--batch is a number from 1 to 100000.");
        });
        var project = new Option<string?>("--project") { Description = "X-Project-Id: the project of samples that name none." };
        var user = new Option<string?>("--user") { Description = "X-User-Id: the user of samples that name none." };
        var roles = new Option<string?>("--roles") { Description = "X-Roles, such as admin." };
        var key = new Option<FileInfo?>("--key") { Description = "Signs each request by the private key in this file, as telemetry keys new writes it." };
        var keyId = new Option<string>("--key-id") { Description = "By which id the key is registered. Default: the first 16 hexadecimal digits of its SHA-256.", DefaultValueFactory = _ => "" };
        var command = new Command("load", "Sends a file of samples to a running server. The same file twice counts once.") { file, server, batch, project, user, roles, key, keyId };
        command.SetAction(async (parsed, ct) =>
        {
            try
            {
                using var signer = parsed.GetValue(key) is { } pem ? new BatchSigner(parsed.GetValue(keyId)!, P256.Read(await File.ReadAllTextAsync(pem.FullName, ct))) : null;
                return await RunAsync(
                    parsed.GetValue(file)!, parsed.GetValue(server)!, parsed.GetValue(batch), signer,
                    [("X-Project-Id", parsed.GetValue(project)), ("X-User-Id", parsed.GetValue(user)), ("X-Roles", parsed.GetValue(roles))], ct);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
            {
                return TelemetryCommand.Fail($"--key: {e.Message}", TelemetryCommand.UsageError);
            }
        });
        return command;
    }

    /// <param name="signer">Null where nothing is signed.</param>
    private static async Task<int> RunAsync(string file, Uri server, int batch, BatchSigner? signer, (string Name, string? Value)[] headers, CancellationToken ct)
    {
        using var client = new HttpClient { BaseAddress = server, Timeout = TimeSpan.FromMinutes(2) };
        foreach (var (name, value) in headers.Where(h => h.Value is not null))
            client.DefaultRequestHeaders.Add(name, value);
        var (sent, before, dropped) = (0L, 0L, 0L);
        try
        {
            await using var input = file == "-" ? Console.OpenStandardInput() : File.OpenRead(file);
            await ProgressBars.ShowAsync($"Loading {file}", async report =>
            {
                await foreach (var part in SampleFile.ReadAsync(input, batch))
                {
                    var outcome = await SendAsync(client, part, signer, problem => report($"{problem} Trying for {Patience.TotalMinutes} minutes.", sent, null, now: true), ct);
                    dropped += outcome.Dropped;
                    before += outcome.WasStored ? part.Count - outcome.Dropped : 0;
                    sent += part.Count;
                    report($"{sent} samples", part.BytesRead, input.CanSeek ? Math.Max(1, input.Length) : null);
                }
                return sent;
            });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException or LoadException)
        {
            return TelemetryCommand.Fail(sent == 0 ? e.Message : $"{e.Message} {sent} samples are stored; the same command goes on from there.");
        }
        Console.WriteLine($"{sent} samples read, {sent - before - dropped} stored, {before} were there already{(dropped > 0 ? $", {dropped} dropped for lack of a volume" : "")}.");
        return 0;
    }

    /// <summary>Sends one part, trying again while the server is away or busy.</summary>
    /// <param name="waiting">Told why, once.</param>
    private static async Task<Outcome> SendAsync(HttpClient client, SamplePart part, BatchSigner? signer, Action<string> waiting, CancellationToken ct)
    {
        var isWaiting = false;
        var giveUp = TimeProvider.System.GetTimestamp() + (long)(Patience.TotalSeconds * TimeProvider.System.TimestampFrequency);
        for (var pause = TimeSpan.FromMilliseconds(200); ; pause = pause < TimeSpan.FromSeconds(10) ? pause * 2 : pause)
        {
            string problem;
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, "v2/samples") { Content = new ReadOnlyMemoryContent(part.Json) };
                request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
                request.Headers.Add("Prefer", "return=minimal");
                request.Headers.Add("Idempotency-Key", part.Key);
                if (signer is not null)
                    request.Headers.Add(BatchSignature.HeaderName, signer.SignBody(part.Json.Span).ToString());
                using var response = await client.SendAsync(request, ct);
                if (response.IsSuccessStatusCode)
                {
                    return new(
                        response.Headers.Contains("Idempotent-Replayed"),
                        response.Headers.TryGetValues("Telemetry-Dropped", out var dropped) ? int.Parse(dropped.Single(), CultureInfo.InvariantCulture) : 0);
                }
                problem = await DataCommand.ProblemAsync(response, ct);
                if (response.StatusCode is not (HttpStatusCode.ServiceUnavailable or HttpStatusCode.InsufficientStorage or HttpStatusCode.TooManyRequests))
                    throw new LoadException($"Samples {part.First} to {part.First + part.Count - 1} of the file were refused. {problem}");
                pause = response.Headers.RetryAfter?.Delta ?? pause;
            }
            catch (HttpRequestException e)
            {
                problem = $"No answer from {client.BaseAddress}: {e.Message}.";
            }
            if (TimeProvider.System.GetTimestamp() > giveUp)
                throw new LoadException($"Gave up after {Patience.TotalMinutes} minutes. {problem}");
            if (!isWaiting)
                waiting(problem);
            isWaiting = true;
            await Task.Delay(pause, ct);
        }
    }

    /// <param name="WasStored">By an earlier load of the same file.</param>
    /// <param name="Dropped">Samples without a volume, which nobody can store.</param>
    private readonly record struct Outcome(bool WasStored, int Dropped);

    private sealed class LoadException(string message) : Exception(message);
}
