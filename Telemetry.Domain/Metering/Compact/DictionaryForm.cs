namespace Telemetry.Domain.Metering.Compact;

/// <summary>How a batch that travels brings its dictionary along.</summary>
public enum DictionaryForm
{
    /// <summary>With every batch.</summary>
    Inline,

    /// <summary>With this batch, for the reader to keep: batches that follow may be <see cref="Referred"/>.</summary>
    Named,

    /// <summary>Not at all: only its name, the SHA-256 of its bytes. A reader that does not have it asks for the batch as <see cref="Named"/>.</summary>
    Referred,
}
