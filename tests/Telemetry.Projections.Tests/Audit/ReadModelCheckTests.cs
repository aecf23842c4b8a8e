using System.Text.Json;
using Telemetry.Domain.Alarms;
using Telemetry.Domain.Audit;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Signing;
using Telemetry.Domain.Streams;
using Telemetry.Projections.Alarms;
using Telemetry.Projections.Audit;
using Telemetry.Projections.Tests.Samples;

namespace Telemetry.Projections.Tests.Audit;

public sealed class ReadModelCheckTests : IAsyncDisposable
{
    private readonly ReadModel _model = new();
    private readonly NoteSigner _signer = new("log", P256.Create());

    public async ValueTask DisposeAsync()
    {
        await _model.DisposeAsync();
        _signer.Dispose();
    }

    [Theory]
    [InlineData(ReadModelScope.Spot, ReadModelCheck.Spot)]
    [InlineData(ReadModelScope.Full, 300)]
    public async Task Read_models_of_the_log_are_sound(ReadModelScope scope, int compared)
    {
        for (var n = 0; n < 40; n++)
            await _model.AppendAsync(Batch(n));

        var report = await VerifyAsync(scope);

        Assert.Empty(report.Faults);
        Assert.Equal(compared, report.SeriesCompared);
    }

    [Theory]
    [InlineData("volume")]
    [InlineData("time")]
    [InlineData("missing")]
    [InlineData("more")]
    public async Task A_read_model_that_says_something_else_is_found(string difference)
    {
        for (var n = 0; n < 40; n++)
        {
            var recorded = await _model.AppendToLogAsync(Batch(n));
            var batch = ((EventBody.Samples)recorded.Body).Batch;
            var (timestamps, volumes, from) = (batch.Timestamps.ToArray(), batch.Volumes.ToArray(), 0);
            if (n == 17)
            {
                volumes[5] += difference == "volume" ? 1 : 0;
                timestamps[5] += difference == "time" ? UnixMicroseconds.PerDay * 90 : 0;
                from = difference == "missing" ? 10 : 0;
            }
            _model.Projection.Apply(recorded with { Body = new EventBody.Samples(new(batch.Series[from..], timestamps[from..], volumes[from..], batch.Metadata[from..])) });
            if (n == 17 && difference == "more")
                _model.Projection.Apply(recorded with { Position = recorded.Position, Body = recorded.Body });
        }
        if (difference == "more")
            _model.Projection.Apply((await _model.Log.FindAsync(1, TestContext.Current.CancellationToken))! with { Position = 41 });

        var report = await VerifyAsync(ReadModelScope.Full);

        Assert.NotEmpty(report.Faults);
        Assert.All(report.Faults, f => Assert.Equal(AuditFaultKind.ReadModelDiffers, f.Kind));
    }

    [Fact]
    public async Task Samples_that_came_in_meanwhile_are_no_difference()
    {
        for (var n = 0; n < 20; n++)
            await _model.AppendAsync(Batch(n));
        var check = new ReadModelCheck(_model.Reader, ReadModelScope.Full);
        await foreach (var e in _model.Log.ReadAllAsync(ct: TestContext.Current.CancellationToken))
            check.Add(e);
        await _model.AppendAsync(Batch(20)); // after the walk

        await foreach (var difference in check.CompareAsync(_model.Log, TestContext.Current.CancellationToken))
            Assert.Fail(difference);
    }

    [Fact]
    public async Task HMACs_are_verified_where_all_that_they_are_over_is_kept()
    {
        var secrets = new SigningSecrets(["s3cr3t"]);
        var id = "00000000-0000-4000-8000-000000000001";
        string[] messages =
        [
            $$$"""{"source":"openstack","counter_name":"cpu","counter_type":"gauge","counter_unit":"%","counter_volume":1.0,"user_id":null,"project_id":"p","resource_id":"r","timestamp":"2026-10-05T12:00:00.500000","resource_metadata":{"a":1},"message_id":"{{{id}}}","monotonic_time":null}""",
            $$$"""{"source":"openstack","counter_name":"cpu","counter_type":"gauge","counter_unit":"%","counter_volume":2,"user_id":null,"project_id":"p","resource_id":"r","timestamp":"2026-10-05T12:00:00+00:00","resource_metadata":{"a":1},"message_id":"{{{id}}}"}""",
            $$$"""{"source":"openstack","counter_name":"cpu","counter_type":"gauge","counter_unit":"%","counter_volume":3,"user_id":null,"project_id":"p","resource_id":"r","timestamp":"2026-10-05T12:00:00","resource_metadata":{"a":1},"message_id":"{{{id}}}","monotonic_time":12.5}""",
        ];
        var signatures = messages.SelectMany(m => Convert.FromHexString(MessageSignature.Compute(JsonElement.Parse(m), secrets))).ToArray();
        var at = UnixMicroseconds.From(new(2026, 10, 5, 12, 0, 0, TimeSpan.Zero));
        var key = new SeriesKey("cpu", SampleType.Gauge, "%", "r", "p", null, "openstack");
        var metadata = Metadata.Parse("""{"a":1}"""u8);
        await _model.AppendAsync(new([key, key, key], [at + 500_000, at, at], [1, 2, 3], [metadata, metadata, metadata], new MessageIds([Guid.Parse(id), Guid.Parse(id), Guid.Parse(id)]), signatures));

        var report = await VerifyAsync(ReadModelScope.None, secrets);

        Assert.Empty(report.Faults);
        Assert.Equal((2L, 1L), (report.Hmacs, report.UnverifiedHmacs)); // the third's monotonic_time is not kept
    }

    [Theory]
    [InlineData(ReadModelScope.Spot, ReadModelCheck.Spot)]
    [InlineData(ReadModelScope.Full, 150)]
    public async Task Alarms_of_the_log_are_sound_deleted_ones_too(ReadModelScope scope, int compared)
    {
        var index = new AlarmIndex(_model.Log);
        for (var i = 0; i < 150; i++)
        {
            await RecordAsync(index, $"{i}", 1, new AlarmEvent.AlarmCreated($"{i}", Definition, AlarmState.InsufficientData, By, At));
            if (i % 2 == 0)
                await RecordAsync(index, $"{i}", 2, new AlarmEvent.AlarmStateChanged(AlarmState.InsufficientData, AlarmState.Ok, "why", "{}", ChangeCause.Evaluation, "w", By, At));
            if (i % 10 == 0)
                await RecordAsync(index, $"{i}", 3, new AlarmEvent.AlarmDeleted(By, At));
        }

        var report = await VerifyAsync(scope, alarms: index);

        Assert.Empty(report.Faults);
        Assert.Equal(compared, report.AlarmsCompared);
    }

    [Theory]
    [InlineData("state")]
    [InlineData("definition")]
    [InlineData("missing")]
    [InlineData("deleted")]
    public async Task An_alarm_that_is_answered_otherwise_than_the_log_says_is_found(string difference)
    {
        var index = new AlarmIndex(_model.Log);
        await RecordAsync(index, "a", 1, new AlarmEvent.AlarmCreated("a", Definition, AlarmState.Ok, By, At));
        await RecordAsync(
            difference == "missing" ? null : index, "b", 1, new AlarmEvent.AlarmCreated("b", Definition, AlarmState.Ok, By, At),
            shown: new AlarmEvent.AlarmCreated("b", difference == "definition" ? Definition with { OkActions = ["http://x"] } : Definition, difference == "state" ? AlarmState.Alarm : AlarmState.Ok, By, At));
        if (difference == "deleted")
            await RecordAsync(null, "b", 2, new AlarmEvent.AlarmDeleted(By, At));

        var report = await VerifyAsync(ReadModelScope.Full, alarms: index);

        Assert.Equal(AuditFaultKind.ReadModelDiffers, Assert.Single(report.Faults).Kind);
        Assert.Contains("Alarm b: the log has", report.Faults[0].Message, StringComparison.Ordinal);
    }

    private static DateTimeOffset At => new(2026, 10, 5, 12, 0, 0, TimeSpan.Zero);

    private static Actor By => new("u", "p", "p");

    private static AlarmDefinition Definition =>
        new("name", "d", new ThresholdRule { MeterName = "cpu", Threshold = 1 }, true, AlarmSeverity.Low, [], ["http://a"], [], false, [], "u", "p");

    /// <param name="index">What answers; null where it does not learn of the event.</param>
    /// <param name="shown">What it learns in its place.</param>
    private async Task RecordAsync(AlarmIndex? index, string id, long version, AlarmEvent happened, AlarmEvent? shown = null)
    {
        await _model.Log.AppendAsync([new(EventId.New(), happened.Type, AlarmEvents.Write(happened), [new(Alarm.StreamOf(id), version - 1)])]);
        index?.Apply(Alarm.StreamOf(id), version, shown ?? happened);
    }

    private Task<AuditReport> VerifyAsync(ReadModelScope scope, SigningSecrets? secrets = null, AlarmIndex? alarms = null) =>
        new LogVerifier(_model.Log, null, [], _signer.Verifier, new(_model.Reader, scope, alarms: alarms), secrets).VerifyAsync(ct: TestContext.Current.CancellationToken);

    /// <summary>A sample of each of 300 series.</summary>
    private static SampleBatch Batch(int n) => new(
        [.. Enumerable.Range(0, 300).Select(s => new SeriesKey($"m{s % 3}", SampleType.Gauge, s % 2 == 0 ? null : "B", $"r{s}", s % 5 == 0 ? null : $"p{s % 5}", null, "s"))],
        [.. Enumerable.Range(0, 300).Select(s => RandomSamples.Start + (n * 600 * UnixMicroseconds.PerSecond) + s)],
        [.. Enumerable.Range(0, 300).Select(s => (n * 0.1) + s)],
        [.. Enumerable.Repeat(Metadata.Empty, 300)]);
}
