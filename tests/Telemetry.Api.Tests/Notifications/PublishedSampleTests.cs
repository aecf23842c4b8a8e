using Telemetry.Domain.Streams;

namespace Telemetry.Api.Tests.Notifications;

/// <summary><c>POST /v2/intake/samples</c>: Ceilometer's publisher <c>http://</c> is pointed here.</summary>
public sealed class PublishedSampleTests(SampleIntakeHost host) : IClassFixture<SampleIntakeHost>
{
    // As ceilometer/publisher/http.py posts it: the fields of its own Sample class, unsigned.
    private static string Sample(string id, string project = "p1", string volume = "12.5") => $$"""
        {"name": "cpu", "type": "cumulative", "unit": "ns", "volume": {{volume}}, "user_id": "u1", "user_name": null, "project_id": "{{project}}", "project_name": null,
         "resource_id": "{{id}}", "timestamp": "2026-11-20T10:00:00.123456", "resource_metadata": {"host": "h", "flavor": {"vcpus": 2} }, "source": "openstack", "id": "{{id}}", "monotonic_time": 4.5}
        """;

    [Fact]
    public async Task A_list_of_samples_or_one_alone_is_stored_with_its_ids()
    {
        Assert.Equal(204, (await host.PostAsync("/v2/intake/samples", $"[{Sample("a1")}, {Sample("a2")}]")).Status);
        var one = await host.PostAsync("/v2/intake/samples", Sample("a3"));

        Assert.Equal(204, one.Status);
        Assert.NotNull(one.Header("Telemetry-Position"));
        Assert.Equal(["a1", "a2", "a3"], (await StoredAsync()).Where(id => id.StartsWith('a')));
    }

    [Fact]
    public async Task A_body_that_is_sent_again_is_stored_once()
    {
        for (var i = 0; i < 3; i++)
            Assert.Equal(204, (await host.PostAsync("/v2/intake/samples", $"[{Sample("b1")}, {Sample("b2")}]")).Status);

        Assert.Equal(["b1", "b2"], (await StoredAsync()).Where(id => id.StartsWith('b')));
    }

    [Theory]
    [InlineData("{", "The body is no JSON")]
    [InlineData("""[{"name": "cpu"}]""", "Sample 0: 'type' is missing")]
    public async Task What_is_wrong_is_named_and_nothing_is_stored(string body, string reason)
    {
        var answer = await host.PostAsync("/v2/intake/samples", body);

        Assert.Equal(400, answer.Status);
        Assert.Contains(reason, answer.FaultString, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_volume_that_is_no_number_and_a_foreign_project_are_refused()
    {
        var broken = await host.PostAsync("/v2/intake/samples", $"[{Sample("c1")}, {Sample("c2", volume: "NaN")}]");
        Assert.Equal(400, broken.Status);
        Assert.Contains("Sample 1: 'volume' is nan", broken.FaultString, StringComparison.Ordinal);

        var foreign = await host.PostAsync("/v2/intake/samples", $"[{Sample("c3", project: "p2")}]", headers: [("X-Project-Id", "p1"), ("X-Roles", "member")]);
        Assert.Equal(400, foreign.Status);
        Assert.Contains("can not post samples to other projects", foreign.FaultString, StringComparison.Ordinal);
        Assert.DoesNotContain(await StoredAsync(), id => id.StartsWith('c'));
    }

    private async Task<List<string>> StoredAsync()
    {
        var ids = new List<string>();
        await foreach (var stored in host.Store.ReadAllAsync(0, TestContext.Current.CancellationToken))
        {
            if (stored.Body is EventBody.Samples samples)
                ids.AddRange(Enumerable.Range(0, samples.Batch.Count).Select(i => samples.Batch.SampleId(stored.Id, i)));
        }
        return ids;
    }
}
