using System.Text;
using Telemetry.Domain.Streams;
using Telemetry.Ingest.Pipelines;

namespace Telemetry.Ingest.Notifications;

/// <summary>The way of a message of the bus: read, converted, led through the pipelines, stored. Safe for use by many threads.</summary>
internal sealed class NotificationIntake(
    NotificationConverter converter, PipelineIntake pipelines, PipelineStore store, NotificationMetrics metrics, NotificationLog log)
{
    private const string Source = "amqp";

    private readonly RepeatedSamples _repeated = new();

    /// <summary>Takes a message; what it gives is durable when the task completes, and stored once however often the message comes.</summary>
    /// <param name="exchange">Where it was published, for counters and logs.</param>
    /// <exception cref="MalformedMessageException">It cannot be read; it is counted and logged.</exception>
    public async Task AcceptAsync(ReadOnlyMemory<byte> body, string exchange, CancellationToken ct)
    {
        ConvertedMessage? message = null;
        try
        {
            message = converter.Convert(body);
            var id = EventId.FromName(Encoding.UTF8.GetBytes($"notification\n{message.MessageId}"));
            var problems = new List<string>(message.Problems);
            var isNew = message.Columns is { } columns ? await store.StoreAsync(_repeated.Without(columns, id), id, Source, ct)
                : message.IsFinished ? await store.StoreAsync(_repeated.Without(message.Samples, id), message.Events, id, Source, problems.Add, ct)
                : await pipelines.AcceptAsync(message.Samples, message.Events, id, Source, problems.Add, ct);
            metrics.Count(exchange, isNew ? "accepted" : "repeated");
            Report(exchange, message, problems);
        }
        catch (MalformedMessageException e)
        {
            metrics.Count(exchange, "malformed");
            log.Refused(exchange, e.EventType, e);
            throw;
        }
        catch (Exception e) when (e is not OperationCanceledException and not ObjectDisposedException)
        {
            metrics.Count(exchange, "failed");
            log.Refused(exchange, message?.EventType, e);
            throw;
        }
    }

    private void Report(string exchange, ConvertedMessage message, List<string> problems)
    {
        if (problems.Count == 0)
            return;
        if (message.RefusedSignatures > 0)
            metrics.CountProblems(exchange, "bad_signature", message.RefusedSignatures);
        if (problems.Count > message.RefusedSignatures)
            metrics.CountProblems(exchange, "other", problems.Count - message.RefusedSignatures);
        log.Problems(exchange, message.EventType, problems);
    }
}
