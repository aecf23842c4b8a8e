using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Telemetry.Api.Monitoring;

/// <summary>Collects what the program's meters measure, and writes it as Prometheus text (exposition format 0.0.4).</summary>
/// <remarks>No package for it restores here (docs/decisions/0003); the instruments are the standard ones, so that any exporter can take over.</remarks>
internal sealed class PrometheusMetrics : IDisposable
{
    /// <summary>An instrument keeps this many sets of labels; what comes beyond is counted under <c>overflow="true"</c>.</summary>
    public const int MaxSeries = 500;

    private static readonly double[] Buckets = [.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10];
    private static readonly KeyValuePair<string, object?>[] Overflow = [new("overflow", "true")];

    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<Instrument, ConcurrentDictionary<string, Cell>> _instruments = new();

    public PrometheusMetrics()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name.StartsWith("Telemetry.", StringComparison.Ordinal)
                || instrument is { Meter.Name: "Microsoft.AspNetCore.Hosting", Name: "http.server.request.duration" })
                listener.EnableMeasurementEvents(instrument, _instruments.GetOrAdd(instrument, _ => new()));
        };
        _listener.SetMeasurementEventCallback<long>((i, value, tags, cells) => Record(i, value, tags, cells));
        _listener.SetMeasurementEventCallback<int>((i, value, tags, cells) => Record(i, value, tags, cells));
        _listener.SetMeasurementEventCallback<double>((i, value, tags, cells) => Record(i, value, tags, cells));
        _listener.Start();
    }

    public void Dispose() => _listener.Dispose();

    /// <summary>The current state of all instruments, ordered by name.</summary>
    public string Write()
    {
        _listener.RecordObservableInstruments();
        var text = new StringBuilder();
        foreach (var (instrument, cells) in _instruments.OrderBy(i => i.Key.Name, StringComparer.Ordinal))
        {
            if (cells.IsEmpty)
                continue;
            var name = Name(instrument);
            if (!string.IsNullOrEmpty(instrument.Description))
                text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {instrument.Description.ReplaceLineEndings(" ")}\n");
            text.Append(CultureInfo.InvariantCulture, $"# TYPE {name} {Kind(instrument)}\n");
            foreach (var (labels, cell) in cells.OrderBy(c => c.Key, StringComparer.Ordinal))
                cell.Write(text, name, labels);
        }
        return text.ToString();
    }

    private static void Record(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state)
    {
        var cells = (ConcurrentDictionary<string, Cell>)state!;
        var labels = Labels(tags);
        if (!cells.TryGetValue(labels, out var cell))
            cell = cells.GetOrAdd(cells.Count < MaxSeries ? labels : Labels(Overflow), _ => new(Kind(instrument) == "histogram"));
        cell.Record(value, absolute: instrument.IsObservable);
    }

    private static string Kind(Instrument instrument) => instrument.GetType().Name switch
    {
        var n when n.StartsWith("Histogram", StringComparison.Ordinal) => "histogram",
        var n when n.Contains("UpDown", StringComparison.Ordinal) || n.Contains("Gauge", StringComparison.Ordinal) => "gauge",
        _ => "counter",
    };

    /// <summary>OpenTelemetry's rule: dots become underscores, the unit is a suffix, and so is <c>_total</c> for counters.</summary>
    private static string Name(Instrument instrument)
    {
        var name = instrument.Name.Replace('.', '_');
        var unit = instrument.Unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" };
        return name + (name.EndsWith(unit, StringComparison.Ordinal) ? "" : unit) + (Kind(instrument) == "counter" ? "_total" : "");
    }

    private static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.IsEmpty)
            return "";
        var text = new StringBuilder();
        foreach (var (key, value) in tags)
        {
            var escaped = (Convert.ToString(value, CultureInfo.InvariantCulture) ?? "")
                .Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
            text.Append(text.Length > 0 ? "," : "").Append(key.Replace('.', '_')).Append("=\"").Append(escaped).Append('"');
        }
        return text.ToString();
    }

    private sealed class Cell(bool histogram)
    {
        private readonly long[]? _buckets = histogram ? new long[Buckets.Length] : null;
        private double _sum;
        private long _count;

        public void Record(double value, bool absolute)
        {
            lock (this)
            {
                _sum = absolute ? value : _sum + value;
                _count++;
                if (_buckets is not null && Array.FindIndex(Buckets, b => value <= b) is >= 0 and var bucket)
                    _buckets[bucket]++;
            }
        }

        public void Write(StringBuilder text, string name, string labels)
        {
            lock (this)
            {
                if (_buckets is null)
                {
                    Line(text, name, labels, _sum);
                    return;
                }
                var below = 0L;
                var separator = labels.Length > 0 ? "," : "";
                for (var i = 0; i < Buckets.Length; i++)
                {
                    below += _buckets[i];
                    Line(text, name + "_bucket", $"{labels}{separator}le=\"{Buckets[i].ToString(CultureInfo.InvariantCulture)}\"", below);
                }
                Line(text, name + "_bucket", $"{labels}{separator}le=\"+Inf\"", _count);
                Line(text, name + "_sum", labels, _sum);
                Line(text, name + "_count", labels, _count);
            }
        }

        private static void Line(StringBuilder text, string name, string labels, double value) =>
            text.Append(CultureInfo.InvariantCulture, $"{name}{(labels.Length > 0 ? $"{{{labels}}}" : "")} {value:R}\n");
    }
}
