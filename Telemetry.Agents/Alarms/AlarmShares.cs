using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Telemetry.Agents.Alarms;

/// <summary>The shares that alarms are divided into among processes: ranges of a hash of the alarm's id.</summary>
public static class AlarmShares
{
    private const int Count = 16;

    public static IReadOnlyList<string> All { get; } = [.. Enumerable.Range(0, Count).Select(n => $"alarms-{n.ToString("00", CultureInfo.InvariantCulture)}")];

    public static string Of(string alarmId)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(alarmId), hash);
        return All[BinaryPrimitives.ReadUInt16BigEndian(hash) * Count >> 16];
    }
}
