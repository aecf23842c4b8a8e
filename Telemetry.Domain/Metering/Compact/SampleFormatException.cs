namespace Telemetry.Domain.Metering.Compact;

/// <summary>Bytes are no batch of samples in the compact format.</summary>
/// <param name="part">Where it was found: <c>body</c>, or <c>block</c> for what lies in the (unpacked) block.</param>
/// <param name="offset">The byte in that part, from 0, at which reading stopped.</param>
/// <param name="reason">What is wrong there, without a full stop.</param>
public sealed class SampleFormatException(string part, int offset, string reason, Exception? cause = null)
    : FormatException($"No batch of samples: {reason} (byte {offset} of the {part}).", cause)
{
    public string Part { get; } = part;
    public int Offset { get; } = offset;
    public string Reason { get; } = reason;
}
