using Telemetry.Domain.Audit;

namespace Telemetry.Domain.Tests.Audit;

public sealed class CheckpointTests
{
    [Fact]
    public void The_published_example_is_read()
    {
        // c2sp.org/tlog-checkpoint
        const string text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
        var checkpoint = Checkpoint.Parse(text);

        Assert.Equal(("example.com/behind-the-sofa", 20852163L, null), (checkpoint.Origin, checkpoint.Size, checkpoint.Extensions));
        Assert.Equal(text, checkpoint.ToString());
    }

    [Fact]
    public void Extension_lines_are_kept()
    {
        const string text = "log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\nTimestamp: 1\nx\n";

        Assert.Equal(["Timestamp: 1", "x"], Checkpoint.Parse(text).Extensions!);
        Assert.Equal(text, Checkpoint.Parse(text).ToString());
    }

    [Theory]
    [InlineData("log\n1\n")]
    [InlineData("\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")]
    [InlineData("log\n01\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")]
    [InlineData("log\n-1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")]
    [InlineData("log\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=\n")] // bits that the base 64 of 32 bytes does not use
    [InlineData("log\n1\n47DEQpj8\n")]
    [InlineData("log\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")]
    [InlineData("log\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\nx\n")]
    public void What_is_no_checkpoint_is_refused(string text) => Assert.Throws<FormatException>(() => Checkpoint.Parse(text));
}
