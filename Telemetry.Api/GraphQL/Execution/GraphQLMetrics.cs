using System.Diagnostics.Metrics;

namespace Telemetry.Api.GraphQL.Execution;

/// <summary>Counts what the endpoint carries and what it refuses. Meter <c>Telemetry.GraphQL</c>.</summary>
/// <remarks>A refusal is logged too: one a second, with how many went unlogged, so that a hostile client cannot fill a disk.</remarks>
internal sealed class GraphQLMetrics
{
    private const int MaxLoggedLength = 500;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Counter<long> _refused;
    private readonly UpDownCounter<long> _connections;
    private readonly UpDownCounter<long> _subscriptions;
    private readonly Lock _lock = new();
    private long? _loggedAt;
    private int _unlogged;

    public GraphQLMetrics(IMeterFactory meters, TimeProvider time, ILogger<GraphQLMetrics> log)
    {
        (_time, _log) = (time, log);
        var meter = meters.Create("Telemetry.GraphQL");
        _refused = meter.CreateCounter<long>("telemetry.graphql.refused", "{operation}", "Requests, operations and connections that were refused or ended, wholly or in a field, by the code of the error.");
        _connections = meter.CreateUpDownCounter<long>("telemetry.graphql.connections", "{connection}", "Sockets and streams of events that are open.");
        _subscriptions = meter.CreateUpDownCounter<long>("telemetry.graphql.subscriptions", "{subscription}", "Subscriptions that are being served.");
    }

    /// <summary>Counts a socket or a stream of events until it is disposed.</summary>
    public IDisposable Connection() => new Open(_connections);

    /// <summary>Counts a subscription until it is disposed.</summary>
    public IDisposable Subscription() => new Open(_subscriptions);

    /// <summary>Every code once, however many errors have it.</summary>
    public void Refused(IReadOnlyList<IError> errors)
    {
        if (errors.Count == 0)
            return;
        foreach (var code in errors.Select(e => e.Code ?? ErrorCodes.Internal).Distinct())
            Count(code);
        // Our own failures are logged whole, where they happen.
        if (errors.FirstOrDefault(e => e.Code is not (null or ErrorCodes.Internal)) is { } told)
            LogOneASecond(told.Code!, told.Message);
    }

    /// <param name="reason">One of a few words; the label of the counter.</param>
    /// <param name="message">What the client was told, or would have been.</param>
    public void Refused(string reason, string message)
    {
        Count(reason);
        LogOneASecond(reason, message);
    }

    private void Count(string reason) => _refused.Add(1, new KeyValuePair<string, object?>("reason", reason));

    private void LogOneASecond(string reason, string message)
    {
        int unlogged;
        lock (_lock)
        {
            if (_loggedAt is { } at && _time.GetElapsedTime(at) < Pause)
            {
                _unlogged++;
                return;
            }

            _loggedAt = _time.GetTimestamp();
            (unlogged, _unlogged) = (_unlogged, 0);
        }

        Log.Refused(_log, reason, message.Length > MaxLoggedLength ? message[..MaxLoggedLength] : message, unlogged);
    }

    private sealed class Open : IDisposable
    {
        private readonly UpDownCounter<long> _counter;

        public Open(UpDownCounter<long> counter)
        {
            _counter = counter;
            counter.Add(1);
        }

        public void Dispose() => _counter.Add(-1);
    }
}
