namespace Telemetry.Ingest.Samples;

/// <summary>Why a request's body is not even looked into.</summary>
public enum BodyRefusal
{
    /// <summary>It has more bytes than allowed, as sent or unpacked.</summary>
    TooLarge,

    /// <summary>It is packed in a way that is not known here.</summary>
    UnknownEncoding,

    /// <summary>It cannot be unpacked, or ended early.</summary>
    Broken,

    /// <summary>Other bodies take all the memory there is for them; it may come again.</summary>
    NoRoom,
}

/// <summary>A request's body was refused.</summary>
public sealed class BodyRefusedException(BodyRefusal refusal, string message, Exception? cause = null) : Exception(message, cause)
{
    public BodyRefusal Refusal { get; } = refusal;
}
