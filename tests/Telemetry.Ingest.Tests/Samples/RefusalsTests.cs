using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Telemetry.Conformance;
using Telemetry.Ingest.Samples;

namespace Telemetry.Ingest.Tests.Samples;

public sealed class RefusalsTests
{
    [Fact]
    public void All_refusals_are_counted_and_one_a_second_is_logged()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var (clock, log, counted) = (new ManualTime(), new ListLogger(), new List<(string, long)>());
        using var listener = new MeterListener();
        var metrics = new IntakeMetrics(services.GetRequiredService<IMeterFactory>());
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Name == IntakeMetrics.MeterName && instrument.Meter.Scope == services.GetRequiredService<IMeterFactory>())
                l.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((i, value, tags, _) => counted.Add(($"{i.Name} {(tags.Length > 0 ? tags[0].Value : "")}", value)));
        listener.Start();
        var refusals = new Refusals(metrics, log, clock);

        refusals.Add("format", "one");
        refusals.Add("format", "two");
        refusals.AddDropped(3);
        clock.Advance(TimeSpan.FromSeconds(2));
        refusals.Add("toolarge", "four");

        Assert.Equal([("telemetry.ingest.refused format", 1), ("telemetry.ingest.refused format", 1), ("telemetry.ingest.dropped ", 3), ("telemetry.ingest.refused toolarge", 1)], counted);
        Assert.Equal(
            ["Samples refused (format): one (0 more refusals before this one were not logged)", "Samples refused (toolarge): four (2 more refusals before this one were not logged)"],
            log.Lines);
    }

    private sealed class ListLogger : ILogger<Refusals>
    {
        public List<string> Lines { get; } = [];
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;
        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, Microsoft.Extensions.Logging.EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Add(formatter(state, exception));
    }
}
