using System.Net;
using System.Text.Json;
using Telemetry.Api.Tests.Support;
using static Telemetry.Api.Tests.Support.TestSamples;

namespace Telemetry.Api.Tests.V2;

/// <summary>Statistics of a meter.</summary>
public sealed class StatisticsTests
{
    private const string Path = "/v2/meters/m/statistics";

    // Minutes 0, 1, 2 and 4; two users, two types of instance.
    private static readonly TestSample[] Samples =
    [
        Sample("a", "m", 1, "2026-01-01T00:00:00", "r1", user: "u1", metadata: """{"instance_type":"tiny","n":1,"b":true}"""),
        Sample("b", "m", 3, "2026-01-01T00:01:00", "r1", user: "u1", metadata: """{"instance_type":"tiny","n":1,"b":true}"""),
        Sample("c", "m", 5, "2026-01-01T00:02:00", "r2", user: "u2", metadata: """{"instance_type":"large"}"""),
        Sample("d", "m", 10.5, "2026-01-01T00:04:00", "r2", user: "u2"),
    ];

    [Fact]
    public async Task Without_arguments_there_is_one_row_over_everything()
    {
        Assert.Equal(
            """[{"count":4,"min":1.0,"max":10.5,"avg":4.875,"sum":19.5,"unit":"%","groupby":null,"duration":240.0,"duration_start":"2026-01-01T00:00:00","duration_end":"2026-01-01T00:04:00","period":0,"period_start":"2026-01-01T00:00:00","period_end":"2026-01-01T00:04:00"}]""",
            (await GetAsync("")).Body);
    }

    [Fact]
    public async Task Each_unit_has_a_row_of_its_own()
    {
        await using var host = await ApiHost.StartAsync(Reader(
            Sample("a", "m", 1, "2026-01-01T00:00:00", unit: "B"), Sample("b", "m", 2, "2026-01-01T00:00:00", unit: null), Sample("c", "m", 3, "2026-01-01T00:00:00", unit: "B")));

        var answer = await host.GetAsync(Path);

        Assert.Equal(["B", ""], answer.All("unit"));
        Assert.Equal(JsonValueKind.Null, answer.Json[1].GetProperty("unit").ValueKind);
        Assert.Equal(["4.0", "2.0"], answer.All("sum"));
    }

    // Buckets start at the query's start, or at the earliest sample; the empty one is left out; an end is always a full period later.
    [Theory]
    [InlineData("period=60", "2026-01-01T00:00:00/1 2026-01-01T00:01:00/1 2026-01-01T00:02:00/1 2026-01-01T00:04:00/1")]
    [InlineData("period=120", "2026-01-01T00:00:00/2 2026-01-01T00:02:00/1 2026-01-01T00:04:00/1")]
    [InlineData("period=240", "2026-01-01T00:00:00/3 2026-01-01T00:04:00/1")]
    [InlineData("period=0", "2026-01-01T00:00:00/4")]
    [InlineData("period=120&q.field=timestamp&q.op=ge&q.value=2025-12-31T23:59:00", "2025-12-31T23:59:00/1 2026-01-01T00:01:00/2 2026-01-01T00:03:00/1")]
    [InlineData("period=120&q.field=timestamp&q.op=gt&q.value=2026-01-01T00:00:00", "2026-01-01T00:00:00/1 2026-01-01T00:02:00/1 2026-01-01T00:04:00/1")]
    [InlineData("period=120&q.field=timestamp&q.op=ge&q.value=2026-01-01T00:02:00&q.field=search_offset&q.op=eq&q.value=1", "2026-01-01T00:01:00/2 2026-01-01T00:03:00/1")]
    [InlineData("period=120&q.field=timestamp&q.op=lt&q.value=2026-01-01T00:02:00", "2026-01-01T00:00:00/2")]
    [InlineData("period=120&q.field=user&q.value=u2", "2026-01-01T00:02:00/1 2026-01-01T00:04:00/1")]
    [InlineData("period=86400000", "2026-01-01T00:00:00/4")]
    public async Task Buckets_follow_each_other_from_the_start(string query, string rows)
    {
        var answer = await GetAsync(query);

        Assert.Equal(rows, string.Join(' ', answer.All("period_start").Zip(answer.All("count"), (start, count) => $"{start}/{count}")));
    }

    [Fact]
    public async Task A_sample_on_the_last_edge_and_a_single_sample_are_not_lost()
    {
        await using var host = await ApiHost.StartAsync(Reader(Sample("a", "m", 1, "2026-01-01T00:00:00")));

        var row = (await host.GetAsync($"{Path}?period=60")).Json[0];

        Assert.Equal("2026-01-01T00:00:00", row.GetProperty("period_start").GetString());
        Assert.Equal("2026-01-01T00:01:00", row.GetProperty("period_end").GetString());
        Assert.Equal(60, row.GetProperty("period").GetInt32());
        Assert.Equal("0.0", row.GetProperty("duration").GetRawText());
        Assert.Equal(["1"], (await host.GetAsync($"{Path}?period=60&q.field=timestamp&q.op=ge&q.value=2026-01-01T00:00:00&q.field=timestamp&q.op=le&q.value=2026-01-01T00:00:00")).All("count"));
    }

    [Fact]
    public async Task Thirteen_years_of_empty_buckets_cost_nothing()
    {
        await using var host = await ApiHost.StartAsync(Reader(Sample("a", "m", 1, "2013-01-01T00:00:00"), Sample("b", "m", 1, "2026-01-01T00:00:00")));

        Assert.Equal(["1", "1"], (await host.GetAsync($"{Path}?period=1")).All("count"));
    }

    // Cut to the times that the query names, not to those that it searches.
    [Theory]
    [InlineData("q.field=timestamp&q.op=ge&q.value=2026-01-01T00:01:00&q.field=search_offset&q.op=eq&q.value=1", "180.0", "2026-01-01T00:01:00", "2026-01-01T00:04:00")]
    [InlineData("q.field=timestamp&q.op=lt&q.value=2026-01-01T00:01:30&q.field=search_offset&q.op=eq&q.value=1", "90.0", "2026-01-01T00:00:00", "2026-01-01T00:01:30")]
    [InlineData("q.field=timestamp&q.op=ge&q.value=2026-01-01T00:00:30", "180.0", "2026-01-01T00:01:00", "2026-01-01T00:04:00")]
    [InlineData("q.field=timestamp&q.op=ge&q.value=2026-01-01T00:05:00&q.field=search_offset&q.op=eq&q.value=2", "null", null, null)]
    [InlineData("q.field=timestamp&q.op=le&q.value=2025-12-31T23:59:00&q.field=search_offset&q.op=eq&q.value=2", "null", null, null)]
    public async Task Durations_are_cut_to_the_query(string query, string duration, string? start, string? end)
    {
        var row = (await GetAsync(query)).Json[0];

        Assert.Equal(duration, row.GetProperty("duration").GetRawText());
        Assert.Equal(start, row.GetProperty("duration_start").GetString());
        Assert.Equal(end, row.GetProperty("duration_end").GetString());
        Assert.Equal(JsonValueKind.String, row.GetProperty("period_start").ValueKind);
        Assert.Equal(JsonValueKind.String, row.GetProperty("period_end").ValueKind);
    }

    [Theory]
    [InlineData("groupby=user_id", """{"user_id":"u1"}/2 {"user_id":"u2"}/2""")]
    [InlineData("groupby=project_id", """{"project_id":"p1"}/4""")]
    [InlineData("groupby=resource_id&groupby=source", """{"resource_id":"r1","source":"openstack"}/2 {"resource_id":"r2","source":"openstack"}/2""")]
    [InlineData("groupby=user_id&groupby=user_id", """{"user_id":"u1"}/2 {"user_id":"u2"}/2""")]
    [InlineData("groupby=resource_metadata.instance_type", """{"resource_metadata.instance_type":"tiny"}/2 {"resource_metadata.instance_type":"large"}/1""")]
    [InlineData("groupby=metadata.n", """{"metadata.n":"1"}/2""")]
    [InlineData("groupby=metadata.b", """{"metadata.b":"True"}/2""")]
    [InlineData("groupby=metadata.nosuch", "")]
    [InlineData("groupby=user_id&period=180", """{"user_id":"u1"}/2 {"user_id":"u2"}/1 {"user_id":"u2"}/1""")]
    public async Task Rows_are_grouped_by_fields_and_metadata(string query, string groups)
    {
        var answer = await GetAsync(query);

        Assert.Equal(groups, string.Join(' ', answer.Json.EnumerateArray().Select(r => $"{r.GetProperty("groupby").GetRawText()}/{r.GetProperty("count")}")));
    }

    [Fact]
    public async Task A_group_of_nobody_is_null()
    {
        await using var host = await ApiHost.StartAsync(Reader(Sample("a", "m", 1, "2026-01-01T00:00:00", project: null)));

        Assert.Equal("""{"project_id":null}""", (await host.GetAsync($"{Path}?groupby=project_id")).Json[0].GetProperty("groupby").GetRawText());
    }

    // 1, 3, 5 and 10.5; the deviation is the population's.
    [Theory]
    [InlineData("max", "10.5", "max")]
    [InlineData("min", "1.0", "min")]
    [InlineData("sum", "19.5", "sum")]
    [InlineData("avg", "4.875", "avg")]
    [InlineData("count", "4.0", "count")]
    [InlineData("stddev", "3.5421568288261884", null)]
    [InlineData("median", "4.0", null)]
    [InlineData("p0", "1.0", null)]
    [InlineData("p50", "4.0", null)]
    [InlineData("p100", "10.5", null)]
    [InlineData("first", "1.0", null)]
    [InlineData("last", "10.5", null)]
    public async Task An_aggregate_stands_in_its_object_and_a_standard_one_outside_as_well(string function, string value, string? outside)
    {
        var row = (await GetAsync($"aggregate.func={function}")).Json[0];

        Assert.Equal($$"""{"{{function}}":{{value}}}""", Rounded(row.GetProperty("aggregate"), value));
        foreach (var standard in (string[])["max", "min", "sum", "avg", "count"])
            Assert.Equal(standard == outside, row.TryGetProperty(standard, out _));
        if (outside == "count")
            Assert.Equal("4", row.GetProperty("count").GetRawText());
        else if (outside is not null)
            Assert.Equal(value, row.GetProperty(outside).GetRawText());
    }

    [Fact]
    public async Task A_rate_is_growth_per_second_over_every_series()
    {
        // r1 grows by 2 in 60 s, r2 by 5.5 in 120 s; u1's and u2's series are those of r1 and r2.
        Assert.Equal(2 / 60.0 + 5.5 / 120, (await GetAsync("aggregate.func=rate")).Json[0].GetProperty("aggregate").GetProperty("rate").GetDouble(), 12);
        Assert.Equal("""{"rate":null}""", (await GetAsync("aggregate.func=rate&period=60")).Json[0].GetProperty("aggregate").GetRawText());
    }

    [Theory]
    [InlineData("aggregate.func=cardinality&aggregate.param=resource_id", """{"cardinality/resource_id":2.0}""")]
    [InlineData("aggregate.func=cardinality&aggregate.param=project_id", """{"cardinality/project_id":1.0}""")]
    [InlineData("aggregate.func=avg&aggregate.func=cardinality&aggregate.param=&aggregate.param=user_id", """{"avg":4.875,"cardinality/user_id":2.0}""")]
    [InlineData("aggregate.func=max&aggregate.func=min&aggregate.func=max", """{"max":10.5,"min":1.0}""")]
    public async Task Aggregates_are_matched_with_their_params_and_repeats_dropped(string query, string aggregate)
    {
        Assert.Equal(aggregate, (await GetAsync(query)).Json[0].GetProperty("aggregate").GetRawText());
    }

    [Theory]
    [InlineData("aggregate.func=wtf", "Invalid aggregation function: wtf")]
    [InlineData("aggregate.func=p101", "Invalid aggregation function: p101")]
    [InlineData("aggregate.func=P95", "Invalid aggregation function: P95")]
    [InlineData("aggregate.func=", "Invalid aggregation function: ")]
    [InlineData("aggregate.func=cardinality", "Bad aggregate: cardinality.None")]
    [InlineData("aggregate.func=cardinality&aggregate.param=injection_pool", "Bad aggregate: cardinality.injection_pool")]
    [InlineData("aggregate.func=avg&aggregate.param=user_id", "Bad aggregate: avg.user_id")]
    [InlineData("aggregate.param=user_id", "Invalid input for field/attribute func. Value: 'None'. Mandatory field missing.")]
    [InlineData("aggregate=max", "Invalid input for field/attribute aggregate. Value: 'max'. Write aggregate.func instead.")]
    [InlineData("groupby=wtf", "Unknown argument: \"{'wtf'}\": Invalid groupby fields")]
    [InlineData("groupby=user_id&groupby=wtf&groupby=counter_name&groupby=wtf", "Unknown argument: \"{'wtf', 'counter_name'}\": Invalid groupby fields")]
    [InlineData("groupby=resource_metadata.", "Unknown argument: \"{'resource_metadata.'}\": Invalid groupby fields")]
    [InlineData("groupby=", "Unknown argument: \"{''}\": Invalid groupby fields")]
    [InlineData("period=-1", "Period must be positive.")]
    [InlineData("period=-99999999999999999999999", "Period must be positive.")]
    [InlineData("period=1e3", "Invalid input for field/attribute period. Value: '1e3'. unable to convert to int. Error: invalid literal for int() with base 10: '1e3'")]
    [InlineData("period=1000000000000", "Invalid period 1000000000000: date value out of range")]
    [InlineData("period=1000000000000000000000000000000", "Invalid period 1000000000000000000000000000000: date value out of range")]
    public async Task What_cannot_be_computed_is_400(string query, string fault) => (await GetAsync(query)).AssertFault(400, fault);

    [Theory]
    [InlineData("q.field=user&q.value=nobody")]
    [InlineData("q.field=user&q.value=nobody&period=1000000000000000000000000000000")]
    [InlineData("q.field=timestamp&q.op=gt&q.value=2030-01-01&period=60")]
    public async Task Nothing_matched_is_an_empty_list(string query) => Assert.Equal("[]", (await GetAsync(query)).Body);

    [Fact]
    public async Task More_aggregates_or_groups_than_anyone_needs_are_400()
    {
        (await GetAsync(string.Join('&', Enumerable.Range(0, 51).Select(i => $"aggregate.func=p{i}"))))
            .AssertFault(400, "Invalid input for field/attribute aggregate. Value: '51 items'. There are at most 50 of them.");
        (await GetAsync(string.Join('&', Enumerable.Range(0, 51).Select(i => $"groupby=metadata.k{i}"))))
            .AssertFault(400, "Invalid input for field/attribute groupby. Value: '51 items'. There are at most 50 of them.");
    }

    [Fact]
    public async Task A_sum_that_overflows_is_null_and_the_answer_still_JSON()
    {
        await using var host = await ApiHost.StartAsync(Reader(Sample("a", "m", 1.7e308, "2026-01-01T00:00:00"), Sample("b", "m", 1.7e308, "2026-01-01T00:00:00")));

        var row = (await host.GetAsync(Path)).Json[0];

        Assert.Equal(JsonValueKind.Null, row.GetProperty("sum").ValueKind);
        Assert.Equal("1.7e+308", row.GetProperty("max").GetRawText());
    }

    [Fact]
    public async Task Arguments_may_stand_in_the_body()
    {
        await using var host = await ApiHost.StartAsync(Reader(Samples));

        var answer = await host.SendAsync("GET", Path, """{"period":"180","groupby":["user_id"],"aggregate":[{"func":"max"}],"q":[{"field":"user","value":"u1"}]}""");

        Assert.Equal(["3.0"], answer.All("max"));
    }

    private static async Task<HttpAnswer> GetAsync(string query)
    {
        await using var host = await ApiHost.StartAsync(Reader(Samples));
        var answer = await host.GetAsync($"{Path}?{query}");
        Assert.True(answer.Status is HttpStatusCode.OK or HttpStatusCode.BadRequest, answer.Body);
        return answer;
    }

    /// <summary>The object, its only value as expected where it is that to twelve digits: summing in another order changes the last ones.</summary>
    private static string Rounded(JsonElement aggregate, string expected)
    {
        var only = aggregate.EnumerateObject().Single();
        Assert.Contains('.', only.Value.GetRawText());
        return Math.Abs(only.Value.GetDouble() - double.Parse(expected)) < 1e-12 ? $$"""{"{{only.Name}}":{{expected}}}""" : aggregate.GetRawText();
    }
}
