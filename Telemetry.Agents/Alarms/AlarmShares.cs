using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Telemetry.Domain.Leases;

namespace Telemetry.Agents.Alarms;

/// <summary>The shares that alarms are divided into among processes: ranges of a hash of the alarm's id.</summary>
public static class AlarmShares
{
    public static IReadOnlyList<string> All { get; } = HashRanges.Shares("alarms", 16);

    public static string Of(string alarmId)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(alarmId), hash);
        return All[HashRanges.Of(BinaryPrimitives.ReadUInt32BigEndian(hash), All.Count)];
    }
}
