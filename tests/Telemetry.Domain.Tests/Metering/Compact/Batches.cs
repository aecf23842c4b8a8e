using FsCheck;
using FsCheck.Fluent;
using Telemetry.Domain.Metering;

namespace Telemetry.Domain.Tests.Metering.Compact;

/// <summary>Batches of samples at random, with everything that a batch may hold.</summary>
internal static class Batches
{
    private static readonly Metadata[] Metadatas =
        [Metadata.Empty, Metadata.Parse("""{"host":"compute-1","size":{"gb":1.50}}"""u8), Metadata.Parse("""{"name":"µ-é-日本"}"""u8)];

    public static Gen<double> Volume { get; } = Gen.OneOf(
        Gen.Choose(-1_000_000, 1_000_000).Select(n => (double)n),
        Gen.Choose(-1_000_000, 1_000_000).Two().Select(n => n.Item1 / Math.Pow(10, Math.Abs(n.Item2 % 20))),
        Gen.Elements(0.0, -0.0, double.Epsilon, -double.Epsilon, double.MaxValue, double.MinValue, 2.2250738585072011e-308,
            9007199254740991, 9007199254740992, 9007199254740993, 1e22, 1e300, 0.1 + 0.2, 1.0 / 3),
        ArbMap.Default.GeneratorFor<long>().Two().Select(n => BitConverter.Int64BitsToDouble(n.Item1 << 32 ^ n.Item2)).Where(double.IsFinite));

    public static Gen<SampleBatch> Any { get; } =
        from count in Gen.Choose(0, 40)
        from series in Series.ArrayOf(count)
        from timestamps in Timestamps(count)
        from volumes in Volume.ArrayOf(count)
        from metadata in Gen.Elements(Metadatas).ArrayOf(count)
        from ids in Ids(count)
        from signed in Gen.Elements(true, false)
        from signatures in Gen.Choose(0, 255).Select(b => (byte)b).ArrayOf(32 * count)
        select new SampleBatch(series, timestamps, volumes, metadata, ids, signed ? signatures : null);

    public static void Equal(SampleBatch expected, SampleBatch actual)
    {
        Assert.Equal(expected.Series, actual.Series);
        Assert.Equal(expected.Timestamps, actual.Timestamps);
        Assert.Equal(expected.Volumes.Select(BitConverter.DoubleToInt64Bits), actual.Volumes.Select(BitConverter.DoubleToInt64Bits));
        Assert.Equal(expected.Metadata, actual.Metadata);
        Assert.Equal(Enumerable.Range(0, expected.Count).Select(i => expected.MessageIds?[i]),
            Enumerable.Range(0, actual.Count).Select(i => actual.MessageIds?[i]));
        Assert.Equal(expected.Signatures, actual.Signatures);
    }

    private static Gen<string> Text { get; } = Gen.Elements("cpu", "é", "日本", "x", new string('y', SeriesKey.MaxLength));

    private static Gen<string?> OptionalText { get; } = Gen.OneOf(Text.Select(t => (string?)t), Gen.Constant((string?)null));

    private static Gen<SeriesKey> Series { get; } =
        from meter in Text
        from type in Gen.Elements(SampleType.Gauge, SampleType.Delta, SampleType.Cumulative)
        from unit in OptionalText
        from resource in Text
        from project in OptionalText
        from user in OptionalText
        from source in Text
        select new SeriesKey(meter, type, unit, resource, project, user, source);

    private static Gen<long[]> Timestamps(int count) => Gen.OneOf(
        Instant.Select(at => Enumerable.Repeat(at, count).ToArray()),
        Instant.ArrayOf(count),
        Gen.Elements(1L, 1_000, 1_000_000).SelectMany(unit => Gen.Choose(-100_000, 100_000).Select(n => 1_767_225_600_000_000 + n * unit).ArrayOf(count)));

    private static Gen<long> Instant { get; } = Gen.OneOf(
        Gen.Elements(UnixMicroseconds.Min, UnixMicroseconds.Max, 0, -1),
        ArbMap.Default.GeneratorFor<long>().Two().Select(n =>
            UnixMicroseconds.Min + (long)((ulong)(n.Item1 << 32 ^ n.Item2) % (ulong)(UnixMicroseconds.Max - UnixMicroseconds.Min + 1))));

    private static Gen<MessageIds?> Ids(int count) => Gen.OneOf(
        Gen.Constant((MessageIds?)null),
        from uuids in ArbMap.Default.GeneratorFor<Guid>().ArrayOf(count)
        from texts in Gen.Elements(null, "message-1", "日本").ArrayOf(count)
        select (MessageIds?)new MessageIds(
            [.. uuids.Zip(texts, (uuid, text) => text is null ? uuid : Guid.Empty)],
            texts.Index().Where(t => t.Item is not null).ToDictionary(t => t.Index, t => t.Item!)));
}
