using System.Globalization;
using System.Text;
using System.Text.Json;
using Telemetry.Api.Auth;
using Telemetry.Api.V2;
using Telemetry.Ingest.Posts;
using Telemetry.Ingest.Samples;
using EventId = Telemetry.Domain.Streams.EventId;

namespace Telemetry.Api.Intake;

/// <summary>Stores what is no POST as <c>POST /v2/samples</c> would: here or, where this process hands posts over, in the process that takes them.</summary>
/// <param name="sender">Null where this process takes samples in itself.</param>
internal sealed class SamplePosts(SampleReader reader, SampleIntake intake, SignatureCheck signatures, Refusals refusals, PostSender? sender = null)
{
    /// <summary>The most characters of a key that a caller chooses.</summary>
    public const int MaxKeyLength = 255;

    private const string Path = "/v2/samples";

    /// <summary>The event's id, from the caller's project and the key that it chose: the same again is stored once.</summary>
    public static EventId IdOf(Caller caller, string key) => EventId.FromName(Encoding.UTF8.GetBytes($"rest\n{caller.ProjectId}\n{key}"));

    /// <summary>Stores samples, all or none; durable when the task completes.</summary>
    /// <param name="body">A JSON list, as the call takes it.</param>
    /// <param name="key">As in Idempotency-Key; null for none.</param>
    /// <returns>How many were stored, and the place in the log.</returns>
    /// <exception cref="SampleFaultException">A sample cannot be stored.</exception>
    /// <exception cref="ApiException">The process that takes posts has refused it, with this status and text.</exception>
    public async Task<(int Accepted, long Position)> StoreAsync(ReadOnlyMemory<byte> body, Caller caller, string? key, CancellationToken ct)
    {
        PostAnswer answer;
        ParsedSamples parsed;
        try
        {
            parsed = reader.Read(body.Span, SampleFormat.Json, SampleRules.ForMessages(caller.ProjectId, caller.UserId, caller.LimitedToProject));
            if (sender is null)
            {
                signatures.Demand("rest", null, parsed);
                var accepted = await intake.AcceptAsync(parsed.Batch, key is null ? EventId.New() : IdOf(caller, key), "rest", ct);
                return (accepted.Batch.Count, accepted.Position);
            }
            answer = await sender.SendAsync(new(Head(caller, key), body), ct);
        }
        catch (Exception e) when (SampleFaults.Translate(e, SampleFaults.ForSamples) is { } refused)
        {
            refusals.Add(refused.Reason, refused.Error.Message);
            throw;
        }
        return answer.Head.Status < 300
            ? (parsed.Batch.Count, long.Parse(answer.Head.Headers["Telemetry-Position"][0]!, CultureInfo.InvariantCulture))
            : throw new ApiException(answer.Head.Status, TextOf(answer)); // counted and logged by that process
    }

    private static PostHead Head(Caller caller, string? key)
    {
        var headers = new Dictionary<string, string?[]> { ["Content-Type"] = ["application/json"], ["Prefer"] = ["return=minimal"] };
        foreach (var (name, value) in ((string, string?)[])
        [
            ("Idempotency-Key", key), ("X-Roles", caller.Roles.Count == 0 ? null : string.Join(',', caller.Roles)), ("X-User-Id", caller.UserId), ("X-Project-Id", caller.ProjectId),
        ])
        {
            if (value is not null)
                headers[name] = [value];
        }
        return new(Guid.NewGuid(), Path, "", Path, headers);
    }

    private static string TextOf(PostAnswer answer)
    {
        var message = JsonElement.Parse(answer.Body.Span).GetProperty("error_message");
        return (message.ValueKind == JsonValueKind.Object ? message.GetProperty("faultstring") : message).GetString()!;
    }
}
