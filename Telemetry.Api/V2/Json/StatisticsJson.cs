using System.Text.Json;
using Telemetry.Api.V2.Queries;
using Telemetry.Domain;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;
using Telemetry.Domain.Statistics;

namespace Telemetry.Api.V2.Json;

/// <summary>Writes rows of statistics. One object writes one answer.</summary>
internal sealed class StatisticsJson(StatisticsArguments asked, QueryTimes times)
{
    private static readonly JsonEncodedText Count = JsonEncodedText.Encode("count");
    private static readonly JsonEncodedText Min = JsonEncodedText.Encode("min");
    private static readonly JsonEncodedText Max = JsonEncodedText.Encode("max");
    private static readonly JsonEncodedText Average = JsonEncodedText.Encode("avg");
    private static readonly JsonEncodedText Sum = JsonEncodedText.Encode("sum");
    private static readonly JsonEncodedText Unit = JsonEncodedText.Encode("unit");
    private static readonly JsonEncodedText GroupBy = JsonEncodedText.Encode("groupby");
    private static readonly JsonEncodedText Aggregates = JsonEncodedText.Encode("aggregate");
    private static readonly JsonEncodedText Duration = JsonEncodedText.Encode("duration");
    private static readonly JsonEncodedText DurationStart = JsonEncodedText.Encode("duration_start");
    private static readonly JsonEncodedText DurationEnd = JsonEncodedText.Encode("duration_end");
    private static readonly JsonEncodedText Period = JsonEncodedText.Encode("period");
    private static readonly JsonEncodedText PeriodStart = JsonEncodedText.Encode("period_start");
    private static readonly JsonEncodedText PeriodEnd = JsonEncodedText.Encode("period_end");

    private readonly TimestampText _timestamps = new();
    private readonly JsonEncodedText[] _groups = [.. asked.GroupBy.Select(g => JsonEncodedText.Encode(g.Key))];
    private readonly JsonEncodedText[] _aggregates = [.. asked.Aggregates.Select(a => JsonEncodedText.Encode(a.Key))];

    // Without aggregates all standard values are shown, with them only those asked for.
    private readonly bool _hasCount = Shows(asked, AggregateFunction.Count);
    private readonly bool _hasMin = Shows(asked, AggregateFunction.Min);
    private readonly bool _hasMax = Shows(asked, AggregateFunction.Max);
    private readonly bool _hasAverage = Shows(asked, AggregateFunction.Average);
    private readonly bool _hasSum = Shows(asked, AggregateFunction.Sum);

    public void Write(Utf8JsonWriter json, StatisticsRow row)
    {
        json.WriteStartObject();
        WriteStandard(json, row.Total);
        json.WriteString(Unit, row.Unit);
        WriteGroup(json, row.Group);
        WriteAggregates(json, row.Values);
        WriteDuration(json, row.Total);
        json.WriteNumber(Period, asked.PeriodSeconds ?? 0);
        _timestamps.Write(json, PeriodStart, row.PeriodStart);
        _timestamps.Write(json, PeriodEnd, row.PeriodEnd);
        json.WriteEndObject();
    }

    private static bool Shows(StatisticsArguments asked, AggregateFunction function) =>
        asked.Aggregates.Count == 0 || asked.Aggregates.Any(a => a.Function == function);

    private void WriteStandard(Utf8JsonWriter json, in Accumulator total)
    {
        if (_hasCount)
            json.WriteNumber(Count, total.Count);
        if (_hasMin)
            FloatText.Write(json, Min, total.Min);
        if (_hasMax)
            FloatText.Write(json, Max, total.Max);
        if (_hasAverage)
            FloatText.Write(json, Average, total.Average);
        if (_hasSum)
            FloatText.Write(json, Sum, total.Sum);
    }

    private void WriteGroup(Utf8JsonWriter json, IReadOnlyList<QueryValue> values)
    {
        if (_groups.Length == 0)
        {
            json.WriteNull(GroupBy);
            return;
        }
        json.WriteStartObject(GroupBy);
        for (var i = 0; i < _groups.Length; i++)
        {
            if (values[i].Kind == ValueKind.Null)
                json.WriteNull(_groups[i]);
            else
                json.WriteString(_groups[i], GroupText(values[i]));
        }
        json.WriteEndObject();
    }

    /// <summary>Groups are named by text, in the form that metadata have in other answers.</summary>
    private static string GroupText(QueryValue value) => value.Kind switch
    {
        ValueKind.Boolean => value.Integer == 1 ? "True" : "False",
        ValueKind.Float => PythonText.Float(value.Number),
        _ => value.ToString(),
    };

    private void WriteAggregates(Utf8JsonWriter json, IReadOnlyList<double?> values)
    {
        if (_aggregates.Length == 0)
            return;
        json.WriteStartObject(Aggregates);
        for (var i = 0; i < _aggregates.Length; i++)
        {
            json.WritePropertyName(_aggregates[i]);
            FloatText.Write(json, values[i] ?? double.NaN);
        }
        json.WriteEndObject();
    }

    /// <summary>The time between the row's first and last sample, cut to the time that the query itself names: null where nothing of it lies there.</summary>
    private void WriteDuration(Utf8JsonWriter json, in Accumulator total)
    {
        var start = times.Start is { } from ? Math.Max(total.FirstAt, from) : total.FirstAt;
        var end = times.End is { } to ? Math.Min(total.LastAt, to) : total.LastAt;
        if (start > end)
        {
            json.WriteNull(Duration);
            json.WriteNull(DurationStart);
            json.WriteNull(DurationEnd);
            return;
        }
        FloatText.Write(json, Duration, (end - start) / (double)UnixMicroseconds.PerSecond);
        _timestamps.Write(json, DurationStart, start);
        _timestamps.Write(json, DurationEnd, end);
    }
}
