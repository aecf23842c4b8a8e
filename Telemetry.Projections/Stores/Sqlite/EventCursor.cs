using Microsoft.Data.Sqlite;
using Telemetry.Domain.TelemetryEvents;

namespace Telemetry.Projections.Stores.Sqlite;

/// <summary>Goes through places in the order of a search, and only onwards.</summary>
internal abstract class EventCursor
{
    /// <summary>The first place that is not before one; null where there is none.</summary>
    public abstract TelemetryEventPlace? Seek(TelemetryEventPlace from);
}

/// <summary>The places of a value, or those of all events.</summary>
internal sealed class PlaceCursor : EventCursor, IDisposable
{
    /// <summary>How many rows are read onwards before it is cheaper to search anew.</summary>
    private const int Steps = 16;

    private readonly SqliteCommand _command;
    private readonly bool _descending;
    private SqliteDataReader? _reader;
    private TelemetryEventPlace _at;
    private bool _ended;

    /// <param name="number">The column that holds the number of the event.</param>
    /// <param name="value">Null for all events.</param>
    public PlaceCursor(SqliteConnection connection, string table, string number, long? value, bool descending)
    {
        _descending = descending;
        var (reached, order) = descending ? ("<=", "desc") : (">=", "asc");
        _command = EventTables.Command(
            connection, null,
            $"select generated, {number} from {table} where {(value is null ? "$2 is null" : "value = $2")} and (generated, {number}) {reached} ($0, $1) order by generated {order}, {number} {order}", 3);
        _command.Parameters[2].Value = (object?)value ?? DBNull.Value;
    }

    public override TelemetryEventPlace? Seek(TelemetryEventPlace from)
    {
        if (_reader is null)
            return _ended ? null : Open(from);
        for (var step = 0; IsBefore(_at, from); step++)
        {
            if (step == Steps)
                return Open(from);
            if (!Step())
                return null;
        }
        return _at;
    }

    public void Dispose()
    {
        _reader?.Dispose();
        _command.Dispose();
    }

    private TelemetryEventPlace? Open(TelemetryEventPlace from)
    {
        _reader?.Dispose();
        _reader = EventTables.Run(_command, from.GeneratedAt, from.Number).ExecuteReader();
        return Step() ? _at : null;
    }

    private bool Step()
    {
        if (_reader!.Read())
        {
            _at = new(_reader.GetInt64(0), _reader.GetInt64(1));
            return true;
        }
        _reader.Dispose();
        (_reader, _ended) = (null, true);
        return false;
    }

    private bool IsBefore(TelemetryEventPlace place, TelemetryEventPlace other) => _descending ? place > other : place < other;
}

/// <summary>The places that any of some cursors has.</summary>
internal sealed class UnionCursor(EventCursor[] cursors, bool descending) : EventCursor
{
    public override TelemetryEventPlace? Seek(TelemetryEventPlace from)
    {
        TelemetryEventPlace? first = null;
        foreach (var cursor in cursors)
        {
            if (cursor.Seek(from) is { } place && (first is not { } best || (descending ? place > best : place < best)))
                first = place;
        }
        return first;
    }
}

/// <summary>Places that were collected.</summary>
/// <param name="places">Ascending.</param>
internal sealed class ListCursor(List<TelemetryEventPlace> places, bool descending) : EventCursor
{
    public override TelemetryEventPlace? Seek(TelemetryEventPlace from)
    {
        var at = places.BinarySearch(from);
        if (at < 0)
            at = descending ? ~at - 1 : ~at;
        return at >= 0 && at < places.Count ? places[at] : null;
    }
}
