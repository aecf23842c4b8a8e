using System.Buffers;
using System.Text.Json.Nodes;
using Telemetry.Domain.Metering.Compact;

namespace Telemetry.Domain.Tests.Metering.Compact;

/// <summary>What was stored once is read for ever: a change that breaks these needs a new version of the format.</summary>
public sealed class StoredExamplesTests
{
    public static TheoryData<string> Names => [.. StoredExamples.Batches.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Version_1_is_read_as_it_was_meant(string name)
    {
        var expected = JsonNode.Parse(StoredExamples.Bytes($"samples-v1-{name}.json"));

        var selfContained = SampleBatchCodec.Decode(StoredExamples.Bytes($"samples-v1-{name}.bin"));
        var log = SampleBatchCodec.DecodeFromLog(StoredExamples.Bytes($"samples-v1-{name}-log.bin"), StoredExamples.Catalog());

        Assert.Equal(expected!.ToJsonString(), StoredExamples.Json(selfContained).ToJsonString());
        Assert.Equal(expected.ToJsonString(), StoredExamples.Json(log).ToJsonString());
    }

    // Blocks are compared unpacked: another Brotli may pack otherwise and still be right.
    [Theory]
    [MemberData(nameof(Names))]
    public void Version_1_is_written_as_ever(string name)
    {
        var (selfContained, log) = (new ArrayBufferWriter<byte>(), new ArrayBufferWriter<byte>());
        SampleBatchCodec.Encode(StoredExamples.Batches[name], selfContained);
        SampleBatchCodec.EncodeForLog(StoredExamples.Batches[name], StoredExamples.Catalog(), log);

        Same(StoredExamples.Bytes($"samples-v1-{name}.bin"), selfContained.WrittenSpan);
        Same(StoredExamples.Bytes($"samples-v1-{name}-log.bin"), log.WrittenSpan);
    }

    private static void Same(byte[] stored, ReadOnlySpan<byte> written)
    {
        Assert.Equal(stored.AsSpan(0, 2), written[..2]); // version and flags
        Assert.Equal(SampleBatchCodec.Unpack(stored), SampleBatchCodec.Unpack(written));
        Assert.Equal(SampleBatchCodec.Tail(stored), SampleBatchCodec.Tail(written));
    }
}
