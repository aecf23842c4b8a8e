using System.Globalization;
using System.Text;
using Telemetry.Conformance;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;
using Telemetry.Projections.Rating;

namespace Telemetry.Projections.Tests.Rating;

/// <summary>A log to be rated: samples of project p in October 2026, at minutes after its beginning.</summary>
internal sealed class Month
{
    public static readonly long Start = UnixMicroseconds.From(new(2026, 10, 1, 0, 0, 0, TimeSpan.Zero));

    private readonly ManualTime _clock = new(new(2026, 10, 1, 0, 0, 0, TimeSpan.Zero));
    private int _events;

    public Month() => Log = new(_clock);

    public InMemoryEventStore Log { get; }

    /// <summary>When what is recorded next is recorded.</summary>
    public DateTimeOffset Now
    {
        get => _clock.Now;
        set => _clock.Now = value;
    }

    /// <summary>Appends one batch: samples of one series.</summary>
    public Month Record(string meter, SampleType type, string resource, params (double Minute, double Volume)[] samples) =>
        Record(meter, type, resource, "{}", samples);

    public Month Record(string meter, SampleType type, string resource, string metadata, params (double Minute, double Volume)[] samples)
    {
        var key = new SeriesKey(meter, type, "u", resource, "p", "user", "test");
        var json = Metadata.Parse(Encoding.UTF8.GetBytes(metadata));
        return Append(new SampleBatch(
            [.. samples.Select(_ => key)], [.. samples.Select(s => At(s.Minute))], [.. samples.Select(s => s.Volume)], [.. samples.Select(_ => json)]));
    }

    public Month Append(SampleBatch batch)
    {
        var streams = batch.Streams().Select(s => new StreamExpectation(s)).ToArray();
        Log.AppendAsync([new(EventId.FromName(Encoding.UTF8.GetBytes($"e{++_events}")), "samples-recorded", new EventBody.Samples(batch), streams)]).GetAwaiter().GetResult();
        return this;
    }

    public static long At(double minute) => Start + (long)(minute * 60 * UnixMicroseconds.PerSecond);

    public Task<Projections.Rating.Rating> RateAsync(string rules, long? asOfPosition = null, DateTimeOffset? asOfTime = null, int gathered = 1000, string head = "") =>
        new Rater(Log) { Gathered = gathered }.RateAsync(new("p", Start, Tariff(rules, head), asOfPosition, asOfTime));

    /// <summary>A tariff of rules as YAML, indented by two.</summary>
    public static Tariff Tariff(string rules, string head = "") => TariffReader.Read(Encoding.UTF8.GetBytes($"name: test\ncurrency: EUR\n{head}\nrules:\n{rules}\n"));

    /// <summary>Quantity, amount and samples of each line, as text.</summary>
    public async Task<string[]> LinesAsync(string rules, string head = "") =>
        [.. (await RateAsync(rules, head: head)).Lines.Select(l => string.Create(CultureInfo.InvariantCulture, $"{l.Rule}{(l.By is null ? "" : $" {l.By}")}: {l.Quantity:0.######} = {l.Amount:0.00######}"))];
}
