using Telemetry.Domain.Audit;

namespace Telemetry.Domain.Metering.Compact;

/// <summary>A batch refers to a dictionary that the reader does not have, or has no longer: the sender sends it along once more.</summary>
public sealed class UnknownDictionaryException(Digest name)
    : Exception($"The dictionary {Convert.ToHexStringLower(name.ToArray())} is not known here. Send the batch with its dictionary.")
{
    public Digest Name { get; } = name;
}
