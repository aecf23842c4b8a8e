using Microsoft.Extensions.DependencyInjection;
using Telemetry.Api.GraphQL.Types;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;
using Telemetry.Domain.TelemetryEvents;

namespace Telemetry.Api.Tests.GraphQL.TelemetrySchema;

/// <summary>No list costs a read an item.</summary>
public sealed class ReadTests
{
    /// <summary>Fields that need a read of their own, or look as if they did: there are items for the test to ask.</summary>
    private static readonly string[] WithReads =
    [
        "Meter.latest", "Meter.samples", "Meter.resources", "Meter.statistics", "Resource.meters", "Resource.samples", "Sample.resource", "Sample.provenance", "Alarm.history",
        "ThresholdRule.meter", "CombinationRule.alarms", "AlarmStateChanged.alarm", "EventType.traits", "Event.provenance", "StreamEvent.hash", "StatisticsBucket.quantile",
    ];

    private const string Range = "range: {from: \"2026-03-30T00:00:00Z\", to: \"2026-03-31T00:00:00Z\"}";

    [Theory]
    // The reader asks the log for ids that senders gave, once for the batch that all are of.
    [InlineData("{ samples(first: 50) { nodes { resource { externalId } meter { name unit } } } }", "1 event, 1 resources, 1 samples")]
    [InlineData("{ samples(first: 50) { nodes { provenance { stream position } } } }", "1 event, 1 events, 1 samples")]
    [InlineData("{ resources { nodes { meters { name } } } }", "1 meters, 1 resources")]
    [InlineData("{ meters { nodes { statistics(" + Range + ", period: \"PT1H\") { buckets { avg } } } } }", "1 definitions, 1 statistics")]
    [InlineData("{ meters { nodes { a: statistics(" + Range + ") { unit } b: statistics(" + Range + ", period: \"P1D\") { unit } } } }", "1 definitions, 2 statistics")]
    [InlineData("{ alarms { nodes { rule { ... on ThresholdRule { meter { name unit } } } } } }", "1 alarms, 1 definitions, 1 statistics")]
    [InlineData("{ alarms { nodes { rule { ... on CombinationRule { alarms { name } } } } } }", "2 alarms")]
    [InlineData("{ nodes(ids: [\"UmVzb3VyY2U6cjA\", \"UmVzb3VyY2U6cjE\", \"UmVzb3VyY2U6cjI\"]) { id } }", "1 resources")]
    // A history is its stream: those of all alarms at once, and the alarms of all changes.
    [InlineData("{ alarms(first: 3) { nodes { history { nodes { ... on AlarmStateChanged { alarm { name } } } } } } }", "2 alarms, 1 streams")]
    public async Task References_of_a_list_are_read_at_once(string query, string reads)
    {
        await using var host = await TelemetryHost.StartAsync();
        await host.RecordAsync(Enumerable.Range(0, 20).SelectMany(i => (object[])
            [TelemetryHost.Sample($"m{i % 5}", i, "2026-03-30T10:00:00", $"r{i}"), TelemetryHost.Sample($"m{i % 5}", i, "2026-03-30T11:00:00", $"r{i}", unit: "ns")]));
        for (var i = 0; i < 3; i++)
        {
            var id = await host.CreateAlarmAsync($"alarm {i}", $"m{i}");
            await host.SendAsync("PUT", $"/v2/alarms/{id}/state", "\"ok\"", TelemetryHost.Admin);
        }
        await CombineAsync(host);
        host.Reads.Take();

        await host.AskAsync(query, null, TelemetryHost.Admin);

        Assert.Equal(reads, host.Reads.Take());
    }

    /// <summary>Every field of every type that a list gives, asked for over lists of two and of twelve: the reads are the same.</summary>
    [Fact]
    public async Task Whatever_the_items_of_a_list_are_asked_for_the_reads_do_not_grow_with_the_list()
    {
        await using var few = await TelemetryHost.StartAsync(("Telemetry:GraphQL:MaxCost", "10000000"));
        await using var many = await TelemetryHost.StartAsync(("Telemetry:GraphQL:MaxCost", "10000000"));
        var (fewStream, manyStream) = (await FillAsync(few, 2), await FillAsync(many, 12));
        var fields = new ListFields(few.Services.GetRequiredService<Schema>()).All();
        var growing = new List<string>();

        foreach (var (field, query) in fields)
        {
            var (small, reads) = await AskAsync(few, query, fewStream);
            var (large, readsOfMany) = await AskAsync(many, query, manyStream);
            if (reads != readsOfMany)
                growing.Add($"{field}: {reads} for two, {readsOfMany} for twelve; {query}");
            Assert.True(!WithReads.Contains(field) || Items(large) > Items(small), $"{field}: {Items(small)} items for two, {Items(large)} for twelve; {query}");
        }

        Assert.True(growing.Count == 0, string.Join('\n', growing));
        Assert.Superset(WithReads.ToHashSet(), fields.Select(f => f.Field).ToHashSet());

        static int Items(string answer) => answer.Split("\"item\":").Length;
    }

    /// <summary>Things of every sort by their ids, samples by those that follow from their events and by those that their senders gave: two of each, and twelve.</summary>
    [Fact]
    public async Task Whatever_is_asked_for_by_its_id_the_reads_do_not_grow_with_the_ids()
    {
        await using var few = await TelemetryHost.StartAsync();
        await using var many = await TelemetryHost.StartAsync();
        var asked = new List<(string Reads, string Kinds, int Found)>();
        foreach (var (host, count) in new[] { (few, 2), (many, 12) })
        {
            await FillAsync(host, count);
            for (var i = 0; i < count; i++)
                await host.RecordAsync(TelemetryHost.Sample("named", i, $"2026-03-30T{i:00}:45:00", id: $"sent {i}"));
            var all = await host.AskAsync(
                "{ meters { nodes { id } } resources { nodes { id } } samples(first: 100) { nodes { id } } alarms { nodes { id } } events { nodes { id } } }", null, TelemetryHost.Admin);
            var ids = all.AsObject().SelectMany(list => list.Value!["nodes"]!.AsArray()).Select(node => node!["id"]!.GetValue<string>()).ToArray();
            host.Reads.Take();

            var found = (await host.AskAsync("query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", new { ids }, TelemetryHost.Admin))["nodes"]!.AsArray();

            Assert.Equal(ids, found.Select(n => n!["id"]!.GetValue<string>()));
            asked.Add((host.Reads.Take(), string.Join(' ', found.Select(n => n!["__typename"]!.GetValue<string>()).Distinct().Order(StringComparer.Ordinal)), found.Count));
        }

        Assert.Equal("Alarm Event Meter Resource Sample", asked[0].Kinds);
        Assert.Equal(asked[0] with { Found = asked[1].Found }, asked[1]);
        Assert.True(asked[1].Found > 5 * asked[0].Found);
    }

    private static async Task<(string Answer, string Reads)> AskAsync(TelemetryHost host, string query, string stream)
    {
        host.Reads.Take();
        var answer = await host.AskAsync(query.Replace("STREAM", stream, StringComparison.Ordinal), null, TelemetryHost.Admin);
        return (answer.ToJsonString(), host.Reads.Take());
    }

    /// <summary>As many of everything: each meter on a resource of its own, each sample and event in a batch of its own.</summary>
    private static async Task<string> FillAsync(TelemetryHost host, int count)
    {
        var first = "";
        for (var i = 0; i < count; i++)
        {
            await host.RecordAsync(TelemetryHost.Sample($"m{i}", i, $"2026-03-30T{i:00}:00:00", $"r{i}", metadata: new { az = $"a{i}" }));
            await host.RecordAsync(TelemetryHost.Sample("all", i, $"2026-03-30T{i:00}:30:00", $"r{i}"));
            await host.RecordEventsAsync(new TelemetryEvent($"e-{i}", $"type {i}", UnixMicroseconds.From(TelemetryHost.Now), [new Trait($"trait {i}", QueryValue.Of("x"))]));
            var id = await host.CreateAlarmAsync($"alarm {i}", $"m{i}");
            await host.SendAsync("PUT", $"/v2/alarms/{id}/state", "\"ok\"", TelemetryHost.Admin);
            await host.SendAsync("PUT", $"/v2/alarms/{id}/state", "\"alarm\"", TelemetryHost.Admin);
            first = first.Length > 0 ? first : id;
        }
        for (var i = 0; i < count; i++)
            await CombineAsync(host, $"either {i}");
        for (var i = 0; i < count; i++)
            await host.SendAsync("PUT", $"/v2/alarms/{first}/state", "\"ok\"", TelemetryHost.Admin);
        return $"alarm-{first}";
    }

    /// <summary>A query for each field of each type that can be reached over a list.</summary>
    private sealed class ListFields(Schema schema)
    {
        /// <summary>What fields need to be told.</summary>
        private static readonly Dictionary<string, string> Arguments = new()
        {
            ["Query.statistics"] = $"(meter: \"all\", {Range}, period: \"PT1H\")",
            ["Meter.statistics"] = $"({Range}, period: \"PT1H\")",
            ["StatisticsBucket.quantile"] = "(q: 0.5)",
            ["StatisticsBucket.distinct"] = "(of: RESOURCE)",
            ["Query.stream"] = "(name: \"STREAM\")",
            ["Query.alarms"] = "(first: 50)",
        };

        /// <summary>Of one thing, and none of a list's.</summary>
        private static readonly string[] Single =
            ["Query.meter", "Query.resource", "Query.alarm", "Query.event", "Query.node", "Query.nodes", "Query.auditHead", "Query.auditProof", "Query.auditConsistency", "Query.limits"];

        private readonly Dictionary<string, string> _found = [];
        private readonly HashSet<NamedType> _seen = [];
        private readonly Queue<(NamedType Type, Func<string, string> Around, bool InList)> _open = [];

        public IReadOnlyList<(string Field, string Query)> All()
        {
            _open.Enqueue((schema.QueryType, inner => $"{{ {inner} }}", false));
            while (_open.TryDequeue(out var place))
                Look(place.Type, place.Around, place.InList);
            return [.. _found.Select(f => (f.Key, f.Value))];
        }

        private void Look(NamedType type, Func<string, string> around, bool inList)
        {
            if (type is not ComplexType { Fields: var fields })
                return;
            foreach (var field in fields.Where(f => !Single.Contains($"{type.Name}.{f.Name}")))
            {
                var name = $"{type.Name}.{field.Name}";
                var arguments = Arguments.GetValueOrDefault(name);
                Assert.True(arguments is not null || !field.Arguments.Any(a => a.IsRequired), $"The test is to say what {name} is asked for.");
                var (target, isList) = Unwrap(field.Type);
                string Asked(string inner) => $"{field.Name}{arguments}{(target is ComplexType or UnionType ? $" {{ {inner} }}" : "")}";
                var isOfList = inList && !type.Name.EndsWith("Connection", StringComparison.Ordinal) && !type.Name.EndsWith("Edge", StringComparison.Ordinal) && type.Name != "PageInfo";
                if (isOfList)
                    _found.TryAdd(name, around($"item: __typename {Asked(target.Name.EndsWith("Connection", StringComparison.Ordinal) ? "nodes { __typename }" : "__typename")}"));
                foreach (var possible in schema.PossibleTypes(target))
                {
                    // A type is looked at once, where it is first in a list.
                    if ((inList || isList) && !_seen.Add(possible))
                        continue;
                    _open.Enqueue((possible, inner => around(Asked(possible == target ? inner : $"... on {possible.Name} {{ {inner} }}")), inList || isList));
                }
            }
        }

        private static (NamedType Type, bool IsList) Unwrap(GraphQLType type) => type switch
        {
            NonNullType n => Unwrap(n.OfType),
            ListType l => (Unwrap(l.OfType).Type, true),
            _ => ((NamedType)type, false),
        };
    }

    private static async Task CombineAsync(TelemetryHost host, string name = "both")
    {
        var ids = (await host.AskAsync("{ alarms(where: {type: {eq: THRESHOLD}}) { nodes { id } } }", null, TelemetryHost.Admin))["alarms"]!["nodes"]!.AsArray()
            .Select(a => a!["id"]!.GetValue<string>()).ToArray();
        foreach (var pair in new[] { ids[..2], ids[^2..] })
        {
            var made = await host.AskAsync(
                "mutation($ids: [ID!]!, $name: String!) { createAlarm(input: {name: $name, rule: {combination: {alarms: $ids}}}) { errors { __typename } } }",
                new { ids = pair, name }, TelemetryHost.Admin);
            Assert.Null(made["createAlarm"]!["errors"]);
        }
    }
}
