using System.Buffers;
using System.Text.Json;
using Telemetry.Api.Auth;
using Telemetry.Api.GraphQL.Types;
using Telemetry.Api.Intake;
using Telemetry.Api.V2;
using Telemetry.Domain.Metering;
using Telemetry.Ingest.Samples;

namespace Telemetry.Api.GraphQL.Schema.Metering;

/// <summary>Samples to store, all or none. For more than a few use `POST /v2/samples`, which takes a million at once.</summary>
/// <param name="Samples">At least one.</param>
/// <param name="IdempotencyKey">1 to 255 characters: the same key with the same samples stores them once. REST's keys are the same.</param>
internal sealed record RecordSamplesInput(IReadOnlyList<SampleInput> Samples, string? IdempotencyKey = null);

/// <summary>One measured value.</summary>
/// <param name="Meter">The meter's name.</param>
/// <param name="Resource">The resource's own id, as its service gave it.</param>
/// <param name="Volume">The value.</param>
/// <param name="Unit">Of the value.</param>
/// <param name="Type">How the meter's volumes follow each other.</param>
/// <param name="Timestamp">When the value was true; without it now.</param>
/// <param name="ProjectId">Whose it is; without it the caller's.</param>
/// <param name="UserId">Whose it is; without it the caller's.</param>
/// <param name="Source">What reports it; without it `openstack`.</param>
/// <param name="Metadata">The resource's, as texts.</param>
internal sealed record SampleInput(
    string Meter, string Resource, double Volume, string? Unit = null, MeterType? Type = MeterType.Gauge, DateTimeOffset? Timestamp = null,
    string? ProjectId = null, string? UserId = null, string? Source = null, IReadOnlyList<KeyValueInput>? Metadata = null);

/// <summary>One key of metadata.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">Its value.</param>
internal sealed record KeyValueInput(string Key, string Value);

/// <summary>What became of the samples.</summary>
/// <param name="Accepted">How many were stored.</param>
/// <param name="Position">The place in the log; queries see them.</param>
internal sealed record RecordSamplesPayload(int Accepted, long Position);

/// <summary>A sample cannot be stored; none was.</summary>
/// <param name="Message">REST's text.</param>
/// <param name="Index">Its place in the list, from 0.</param>
internal sealed record InvalidSampleError(string Message, int Index)
{
    public static InvalidSampleError? CreateErrorFrom(SampleFaultException e) =>
        e.Fault.Index is { } index ? new(SampleFaults.ForSamples(e.Fault).Message, index) : null;
}

[MutationType]
internal static class SampleMutations
{
    /// <summary>Stores samples, as `POST /v2/samples` does.</summary>
    /// <param name="input">The samples.</param>
    [Error<InvalidSampleError>]
    public static async Task<RecordSamplesPayload> RecordSamplesAsync(RecordSamplesInput input, [GlobalState] Caller caller, SamplePosts posts, CancellationToken ct)
    {
        if (input.IdempotencyKey is { Length: 0 or > SamplePosts.MaxKeyLength } key)
            throw Refused.BadInput($"\"idempotencyKey\" has 1 to {SamplePosts.MaxKeyLength} characters, not {key.Length}.");
        var (accepted, position) = await posts.StoreAsync(Body(input.Samples), caller, input.IdempotencyKey, ct);
        return new(accepted, position);
    }

    private static ReadOnlyMemory<byte> Body(IReadOnlyList<SampleInput> samples)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var w = new Utf8JsonWriter(buffer))
        {
            w.WriteStartArray();
            foreach (var sample in samples)
                Write(w, sample);
            w.WriteEndArray();
        }
        return buffer.WrittenMemory;
    }

    private static void Write(Utf8JsonWriter w, SampleInput sample)
    {
        w.WriteStartObject();
        w.WriteString("counter_name", sample.Meter);
        w.WriteString("counter_type", ((SampleType)(sample.Type ?? MeterType.Gauge)).Name());
        w.WriteString("counter_unit", sample.Unit);
        w.WriteNumber("counter_volume", sample.Volume);
        w.WriteString("resource_id", sample.Resource);
        foreach (var (name, value) in ((string, string?)[])
        [
            ("timestamp", sample.Timestamp is { } at ? UnixMicroseconds.Format(UnixMicroseconds.From(at)) : null),
            ("project_id", sample.ProjectId), ("user_id", sample.UserId), ("source", sample.Source),
        ])
        {
            if (value is not null)
                w.WriteString(name, value);
        }
        w.WriteStartObject("resource_metadata");
        foreach (var (key, value) in (sample.Metadata ?? []).GroupBy(m => m.Key).Select(g => g.Last()))
            w.WriteString(key, value);
        w.WriteEndObject();
        w.WriteEndObject();
    }
}
