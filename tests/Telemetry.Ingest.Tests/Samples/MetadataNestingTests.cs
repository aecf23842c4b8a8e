using Telemetry.Domain.Metering;
using Telemetry.Ingest.Samples;

namespace Telemetry.Ingest.Tests.Samples;

public sealed class MetadataNestingTests
{
    [Theory]
    [InlineData("""{"a":"1"}""", """{"a":"1"}""")]
    [InlineData("""{"a.b":"1","a.c":"2"}""", """{"a":{"b":"1","c":"2"}}""")]
    [InlineData("""{"a.b.c":"1","x":null}""", """{"a":{"b":{"c":"1"}},"x":null}""")]
    [InlineData("""{"a":"lost","a.b":"1"}""", """{"a":{"b":"1"}}""")]
    [InlineData("""{"a.b":"lost","a.b.c":"1"}""", """{"a":{"b":{"c":"1"}}}""")]
    [InlineData("""{".a":"1","b.":"2"}""", """{"":{"a":"1"},"b":{"":"2"}}""")]
    [InlineData("""{"ż.🐢":"\"\\"}""", """{"ż":{"🐢":"\"\\"}}""")]
    public void Keys_are_split_at_dots(string flat, string nested) =>
        Assert.Equal(Metadata.Parse(System.Text.Encoding.UTF8.GetBytes(nested)), MetadataNesting.Restore(Metadata.Parse(System.Text.Encoding.UTF8.GetBytes(flat))));

    [Fact]
    public void A_key_of_too_many_parts_is_a_fault()
    {
        var fault = Bodies.Fault(
            Bodies.List(Bodies.Sample(("resource_metadata", $$"""{"{{string.Join('.', Enumerable.Repeat("a", 65))}}":"1"}"""))), SampleRules.ForMeter("cpu", null, null, null));

        Assert.Equal((SampleFaultKind.Malformed, "resource_metadata"), (fault.Kind, fault.Field));
    }
}
