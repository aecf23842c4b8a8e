using Telemetry.Domain.Metering;
using Telemetry.Ingest.Pipelines;

namespace Telemetry.Ingest.Tests.Pipelines;

public sealed class TransformerTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 20, 10, 1, 0, TimeSpan.Zero);

    private readonly List<string> _warnings = [];

    [Fact]
    public void The_rate_of_cpu_is_the_default_pipeline_of_Ceilometer()
    {
        var pipelines = With("""{name: rate_of_change, parameters: {target: {name: cpu_util, unit: '%', type: gauge, max: 100, scale: "100.0 / (10**9 * (resource_metadata.cpu_number or 1))"}}}""");

        Assert.Empty(Run(pipelines, InFlight.Of(volume: 1e9)));
        var rate = Assert.Single(Run(pipelines, InFlight.Of(volume: 3e9, second: 10, metadata: """{"cpu_number": 2}""")));
        Assert.Equal(("cpu_util", SampleType.Gauge, "%", 10.0), (rate.Series.Meter, rate.Series.Type, rate.Series.Unit, rate.Volume));
        Assert.Equal(100, Assert.Single(Run(pipelines, InFlight.Of(volume: 1e12, second: 11))).Volume);
    }

    [Theory]
    [InlineData("", 2)]
    [InlineData("scale: '10'", 20)]
    [InlineData("scale: 10", 2 * 120 * 10)] // times the volume, as Ceilometer does
    [InlineData("max: 1.5", 1.5)]
    public void A_rate_is_scaled_and_capped(string target, double volume)
    {
        var pipelines = With($"{{name: rate_of_change, parameters: {{target: {{{target}}}}}}}");
        Run(pipelines, InFlight.Of(volume: 100));

        Assert.Equal(volume, Assert.Single(Run(pipelines, InFlight.Of(volume: 120, second: 10))).Volume, 9);
    }

    [Fact]
    public void A_counter_that_fell_counts_from_zero_and_a_gauge_may_fall()
    {
        var pipelines = With("{name: rate_of_change}");
        Run(pipelines, InFlight.Of(volume: 100), InFlight.Of("load", 100, type: SampleType.Gauge));

        Assert.Equal([3.0, -7.0], Run(pipelines, InFlight.Of(volume: 30, second: 10), InFlight.Of("load", 30, 10, type: SampleType.Gauge)).Select(s => s.Volume));
    }

    [Fact]
    public void Monotonic_time_counts_where_both_samples_have_it()
    {
        var pipelines = With("{name: rate_of_change}");

        Assert.Equal([2.0, 1.0], Run(pipelines,
            InFlight.Of(volume: 0, monotonic: 100), InFlight.Of(volume: 10, second: 1, monotonic: 105), InFlight.Of(volume: 20, second: 11)).Select(s => s.Volume));
    }

    [Fact]
    public void No_time_passed_is_a_rate_of_zero_and_a_sample_out_of_order_is_dropped()
    {
        var pipelines = With("{name: rate_of_change}");

        Assert.Equal([0.0, 1.0], Run(pipelines, InFlight.Of(volume: 1, second: 5), InFlight.Of(volume: 5, second: 5), InFlight.Of(volume: 9, second: 4), InFlight.Of(volume: 10, second: 10)).Select(s => s.Volume));
        Assert.Contains("older than the one before", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Series_are_told_apart_by_meter_and_resource() =>
        Assert.Equal([1.0], Run(With("{name: rate_of_change}"),
            InFlight.Of(volume: 1), InFlight.Of(volume: 2, resource: "r2", second: 1), InFlight.Of("other", 3, 2), InFlight.Of(volume: 4, second: 3)).Select(s => s.Volume));

    [Theory]
    [InlineData("", new[] { 5.0, -3.0, 0.0 })]
    [InlineData("growth_only: true", new[] { 5.0, 0.0 })]
    public void A_delta_is_the_difference_to_the_sample_before(string parameters, double[] volumes)
    {
        var deltas = Run(With($"{{name: delta, parameters: {{target: {{name: cpu.delta}}, {parameters}}}}}"),
            InFlight.Of(volume: 10), InFlight.Of(volume: 15, second: 1), InFlight.Of(volume: 99, second: 0.5), InFlight.Of(volume: 12, second: 2), InFlight.Of(volume: 12, second: 2));

        Assert.Equal(volumes, deltas.Select(s => s.Volume));
        Assert.All(deltas, s => Assert.Equal(("cpu.delta", SampleType.Delta, "ns"), (s.Series.Meter, s.Series.Type, s.Series.Unit)));
    }

    [Fact]
    public void Names_and_units_are_mapped_by_patterns()
    {
        var mapped = Run(With("""
            {name: unit_conversion, parameters: {source: {map_from: {name: 'disk\.(read|write)\.bytes', unit: '(B|b)yte'}},
             target: {map_to: {name: 'disk.\1.kilobytes', unit: 'K\1'}, scale: 'volume * 1.0 / 1024'}}}
            """), InFlight.Of("disk.read.bytes", 2048, unit: "Byte"), InFlight.Of("memory", 1024, unit: "MB"));

        Assert.Equal([("disk.read.kilobytes", "KB", 2.0), ("memory", "MB", 1.0)], mapped.Select(s => (s.Series.Meter, s.Series.Unit!, s.Volume)));
    }

    /// <summary>As the pipeline.yaml of Ceilometer 9 has them for disks and networks, and deltas and aggregates with the same parameters.</summary>
    [Theory]
    [InlineData(@"{name: rate_of_change, parameters: {source: {map_from: {name: 'disk\.(read|write)\.(bytes|requests)', unit: '(B|request)'}}, target: {map_to: {name: 'disk.\1.\2.rate', unit: '\1/s'}, type: gauge}}}", "disk.read.bytes.rate B/s gauge 3")]
    [InlineData(@"{name: delta, parameters: {source: {map_from: {name: 'disk\.(.*)'}}, target: {map_to: {name: 'delta.\1'}}}}", "delta.read.bytes B delta 30")]
    [InlineData("{name: delta, parameters: {target: {name: d, unit: KB, type: gauge, max: 20}}}", "d KB gauge 20")]
    [InlineData("{name: aggregator, parameters: {size: 2, target: {name: a, unit: KB, scale: 0.5}}}", "a KB cumulative 20")]
    public void What_keeps_samples_renames_and_scales_them_too(string transformer, string expected)
    {
        var made = Assert.Single(Run(With(transformer), InFlight.Of("disk.read.bytes", 10, unit: "B"), InFlight.Of("disk.read.bytes", 40, 10, unit: "B")));

        Assert.Equal(expected, $"{made.Series.Meter} {made.Series.Unit} {made.Series.Type.Name()} {made.Volume}");
    }

    [Fact]
    public void Only_samples_of_the_source_unit_are_converted()
    {
        var converted = Run(With("{name: unit_conversion, parameters: {source: {unit: B}, target: {unit: KB, scale: 0.001, type: gauge}}}"),
            InFlight.Of(volume: 5000, unit: "B"), InFlight.Of(volume: 7, unit: "MB"), InFlight.Of(volume: 8, unit: null));

        Assert.Equal([("KB", 5.0, SampleType.Gauge), ("MB", 7.0, SampleType.Cumulative), (null, 8.0, SampleType.Cumulative)], converted.Select(s => (s.Series.Unit, s.Volume, s.Series.Type)));
    }

    [Fact]
    public void A_scale_without_a_value_for_a_sample_drops_it_with_a_warning()
    {
        Assert.Empty(Run(With("{name: unit_conversion, parameters: {target: {scale: 'volume / resource_metadata.vcpus'}}}"), InFlight.Of()));
        Assert.Contains("A value that is needed is missing.", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void A_transformed_sample_has_no_id_or_signature_of_its_sender() =>
        Assert.All(Run(With("{name: unit_conversion, parameters: {target: {scale: 2}}}"), InFlight.Of() with { MessageId = "m", Signature = new byte[32] }),
            s => Assert.True(s.MessageId is null && s.Signature is null));

    [Theory]
    [InlineData("{name: accumulator}", new[] { 1, 1, 1 })]
    [InlineData("{name: accumulator, parameters: {size: 0}}", new[] { 1, 1, 1 })]
    [InlineData("{name: accumulator, parameters: {size: 2}}", new[] { 0, 2, 0 })]
    public void An_accumulator_holds_samples_until_there_are_enough(string transformer, int[] released)
    {
        var pipelines = With(transformer);

        Assert.Equal(released, Enumerable.Range(0, 3).Select(i => Run(pipelines, InFlight.Of(volume: i)).Count));
    }

    [Fact]
    public void An_aggregator_sums_deltas_averages_gauges_and_takes_the_last_of_counters()
    {
        var released = Run(With("{name: aggregator, parameters: {size: 6}}"),
            InFlight.Of("d", 1, type: SampleType.Delta), InFlight.Of("d", 2, 1, type: SampleType.Delta),
            InFlight.Of("g", 1, type: SampleType.Gauge), InFlight.Of("g", 2, 1, type: SampleType.Gauge, metadata: """{"a": 1}"""),
            InFlight.Of("c", 5), InFlight.Of("c", 4, 1));

        Assert.Equal([("d", 3.0), ("g", 1.5), ("c", 4.0)], released.Select(s => (s.Series.Meter, s.Volume)));
        Assert.Equal(InFlight.Start, released[1].Timestamp); // the first by default, but the last metadata
        Assert.Equal("""{"a":1}""", released[1].Metadata.ToString());
    }

    [Theory]
    [InlineData("", 3, "p1", "u1", "{\"n\":1}", 0)]
    [InlineData("project_id: first, user_id: first", 1, "p1", "u1", "{\"n\":3}", 0)]
    [InlineData("project_id: last, user_id: last, timestamp: last", 1, "p2", "u2", "{\"n\":3}", 2)]
    [InlineData("project_id: last", 2, "p2", "u1", "{\"n\":2}", 0)]
    [InlineData("project_id: first, user_id: last, resource_metadata: first", 1, "p1", "u2", "{\"n\":1}", 0)]
    [InlineData("project_id: first, user_id: last, resource_metadata: drop", 1, "p1", "u2", "{}", 0)]
    public void Policies_say_whose_attributes_an_aggregate_has(string parameters, int groups, string project, string user, string metadata, int second)
    {
        var released = Run(With($"{{name: aggregator, parameters: {{size: 3, {parameters}}}}}"),
            InFlight.Of(metadata: """{"n": 1}"""), InFlight.Of(second: 1, project: "p2", metadata: """{"n": 2}"""), InFlight.Of(second: 2, project: "p2", user: "u2", metadata: """{"n": 3}"""));

        Assert.Equal(groups, released.Count);
        Assert.Equal((project, user, metadata, InFlight.Start + second * 1_000_000L), (released[0].Series.ProjectId, released[0].Series.UserId, released[0].Metadata.ToString(), released[0].Timestamp));
    }

    [Fact]
    public void An_aggregator_releases_after_its_retention_time_where_no_size_does_earlier()
    {
        var pipelines = With("{name: aggregator, parameters: {size: null, retention_time: 60}}");

        Assert.Empty(pipelines.Process([InFlight.Of()], Now)); // exactly 60 s old
        Assert.Single(pipelines.Process([], Now.AddSeconds(1)).Single().Samples);
        Assert.Empty(pipelines.Process([], Now.AddSeconds(90)));
    }

    [Fact]
    public void A_retention_time_alone_leaves_the_size_at_one() =>
        Assert.Single(Run(With("{name: aggregator, parameters: {retention_time: 60}}"), InFlight.Of()));

    [Fact]
    public void Arithmetic_makes_one_meter_of_several_on_a_resource()
    {
        var pipelines = With("{name: arithmetic, parameters: {target: {name: memory_util, unit: '%', type: gauge, expr: '100 * $(memory.usage) / $(memory)'}}}");

        Assert.Empty(Run(pipelines, InFlight.Of("memory.usage", 20), InFlight.Of("memory.usage", 5, resource: "r2"), InFlight.Of("other", 1)));
        var result = Assert.Single(Run(pipelines, InFlight.Of("memory", 80, 3, metadata: """{"of": "memory"}""", project: "p2")));
        Assert.Equal(("memory_util", SampleType.Gauge, "%", "r1", "p1", 25.0), (result.Series.Meter, result.Series.Type, result.Series.Unit, result.Series.ResourceId, result.Series.ProjectId, result.Volume));
        Assert.Equal((InFlight.Start + 3_000_000, "{}"), (result.Timestamp, result.Metadata.ToString()));
        Assert.Empty(Run(pipelines, InFlight.Of("memory", 80, 4))); // what made the first result is used up
    }

    [Fact]
    public void Arithmetic_reads_other_fields_and_drops_what_has_no_value()
    {
        var pipelines = With("{name: arithmetic, parameters: {target: {name: x, expr: '$(a) / ($(b) - $(b).resource_metadata.n)'}}}");

        Assert.Equal(2, Assert.Single(Run(pipelines, InFlight.Of("a", 8), InFlight.Of("b", 5, metadata: """{"n": 1}"""))).Volume);
        Assert.Empty(Run(pipelines, InFlight.Of("a", 8), InFlight.Of("b", 5, metadata: """{"n": 5}""")));
        Assert.Contains("divides by zero", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Transformers_follow_each_other_and_what_one_releases_goes_on()
    {
        var pipelines = With("{name: accumulator, parameters: {size: 2}}, {name: unit_conversion, parameters: {target: {scale: 10}}}, {name: aggregator, parameters: {size: 2}}");

        Assert.Empty(Run(pipelines, InFlight.Of(volume: 1, type: SampleType.Delta)));
        Assert.Equal(30, Assert.Single(Run(pipelines, InFlight.Of(volume: 2, type: SampleType.Delta))).Volume);
    }

    [Theory]
    [InlineData("{name: rate_of_change}")]
    [InlineData("{name: delta}")]
    [InlineData("{name: accumulator, parameters: {size: 3}}")]
    [InlineData("{name: aggregator, parameters: {size: 3, project_id: last}}")]
    [InlineData("{name: arithmetic, parameters: {target: {name: x, expr: '$(cpu) * $(load)'}}}")]
    public void A_state_survives_a_restart(string transformer)
    {
        SampleInFlight[] before =
        [
            InFlight.Of(volume: 10, monotonic: 5, metadata: """{"a": "b"}"""),
            InFlight.Of(volume: 20, second: 1, resource: "r2", type: SampleType.Gauge, project: null, user: null, unit: null),
        ];
        SampleInFlight[] after = [InFlight.Of(volume: 30, second: 2, monotonic: 7), InFlight.Of("load", 7, 3)];
        var kept = With(transformer);
        Run(kept, before);
        var restarted = With(transformer);
        restarted.Restore(kept.Save());

        var expected = Run(kept, after);
        Assert.NotEmpty(expected);
        Assert.Equal(expected, Run(restarted, after));
    }

    [Fact]
    public void A_state_of_other_transformers_is_not_taken_up()
    {
        var before = With("{name: rate_of_change}");
        Run(before, InFlight.Of(volume: 10));
        var changed = With("{name: delta}");
        changed.Restore(before.Save());

        Assert.Empty(Run(changed, InFlight.Of(volume: 20, second: 1)));
    }

    private static SamplePipelines With(string transformers) => SamplePipelines.Read("pipeline.yaml",
        $"{{sources: [{{name: s, meters: ['*'], sinks: [k]}}], sinks: [{{name: k, publishers: [test], transformers: [{transformers}]}}]}}");

    private IReadOnlyList<SampleInFlight> Run(SamplePipelines pipelines, params SampleInFlight[] samples) =>
        [.. pipelines.Process(samples, Now, _warnings.Add).SelectMany(p => p.Samples)];
}
