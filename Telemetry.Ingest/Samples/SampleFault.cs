namespace Telemetry.Ingest.Samples;

/// <summary>Why samples are refused. Counters and logs name it by these words.</summary>
public enum SampleFaultKind
{
    /// <summary>There is no sample in the body.</summary>
    NoSamples,

    /// <summary>The body is not in its format at all: broken JSON, no UTF-8, nested too deeply, broken columns.</summary>
    Format,

    /// <summary>It is JSON, but not of the shape that a list of samples has, or a field's text cannot be read.</summary>
    Malformed,

    /// <summary>A field that must be there is not.</summary>
    Missing,

    /// <summary>A field can be read, but must not have this value.</summary>
    Invalid,

    /// <summary>There is no field of this name.</summary>
    Unknown,

    /// <summary>More samples than one body may hold.</summary>
    TooMany,

    /// <summary>The body refers to a dictionary that is not kept here; the sender sends it along.</summary>
    UnknownDictionary,
}

/// <summary>The first fault found in a body of samples.</summary>
/// <param name="Index">The sample's place in the body, from 0; null where the fault is the body's own.</param>
/// <param name="Field">The field's name in the message form, such as <c>counter_volume</c>; null where the whole sample or body is meant.</param>
/// <param name="Value">What was sent there, cut to <see cref="MaxValueLength"/> characters; null where nothing was, or a JSON null.</param>
/// <param name="Reason">A sentence.</param>
public sealed record SampleFault(SampleFaultKind Kind, int? Index, string? Field, string? Value, string Reason)
{
    public const int MaxValueLength = 200;

    /// <summary>Where the fault is: <c>samples[3].timestamp</c>, <c>samples[3]</c> or <c>samples</c>.</summary>
    public string Path => $"samples{(Index is { } index ? $"[{index}]" : "")}{(Field is null ? "" : $".{Field}")}";
}

/// <summary>Samples cannot be accepted; nothing of the request is stored.</summary>
public sealed class SampleFaultException(SampleFault fault, Exception? cause = null)
    : Exception($"{fault.Path}: {fault.Reason}", cause)
{
    public SampleFault Fault { get; } = fault;
}
