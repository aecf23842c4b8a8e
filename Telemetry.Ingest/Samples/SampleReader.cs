using System.Collections.Concurrent;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Signing;

namespace Telemetry.Ingest.Samples;

/// <summary>The forms in which a body holds samples.</summary>
public enum SampleFormat
{
    /// <summary>A JSON list of samples in the message form, or an object with such a list as <c>samples</c>.</summary>
    Json,

    /// <summary>Such samples one after another (NDJSON).</summary>
    JsonLines,

    /// <summary>The compact columnar body, docs/compact-format.md.</summary>
    Compact,
}

/// <summary>Reads bodies of samples in any form, for any number of threads at once.</summary>
/// <param name="secrets">By which samples that carry an HMAC must be signed.</param>
public sealed class SampleReader(SampleLimits limits, TimeProvider clock, SigningSecrets secrets)
{
    private readonly SharedSeries _shared = new();
    private readonly NamedDictionaries _dictionaries = new(limits.MaxDictionaryBytes);
    private readonly ConcurrentStack<Parsers> _idle = new(); // those used last are still in the processor's caches

    private sealed record Parsers(SampleParser Json, CompactParser Compact);

    /// <summary>Reads and checks a whole body; nothing of the result refers to its bytes.</summary>
    /// <exception cref="SampleFaultException">There is a fault; the first one is told.</exception>
    /// <exception cref="SignatureRefusedException">A sample's HMAC is wrong. Compact bodies hold none of the text that was signed; theirs are kept as they come.</exception>
    public ParsedSamples Read(ReadOnlySpan<byte> body, SampleFormat format, SampleRules rules)
    {
        ArgumentNullException.ThrowIfNull(rules);
        var parsers = _idle.TryPop(out var idle) ? idle : new(new(limits, _shared, secrets), new(limits, _shared, _dictionaries));
        try
        {
            return format == SampleFormat.Compact
                ? parsers.Compact.Parse(body, rules)
                : parsers.Json.Parse(body, format == SampleFormat.JsonLines, rules, UnixMicroseconds.From(clock.GetUtcNow()));
        }
        finally
        {
            // More bodies are being read than there are processors, and a new parser knows no series yet.
            if (_idle.Count < 2 * Environment.ProcessorCount)
                _idle.Push(parsers);
        }
    }
}
