using System.Text;
using Telemetry.Domain.Audit;
using Telemetry.Domain.Streams;
using Telemetry.Ingest.Pipelines;
using Telemetry.Ingest.Samples;

namespace Telemetry.Ingest.Notifications;

/// <summary>The way of a message of the bus: read, converted, led through the pipelines, stored. Safe for use by many threads.</summary>
internal sealed class NotificationIntake(
    NotificationConverter converter, PipelineIntake pipelines, PipelineStore store, SignatureCheck signatures, NotificationMetrics metrics, NotificationLog log)
{
    private const string Source = "amqp";

    private readonly RepeatedSamples _repeated = new();

    /// <summary>Whether what a message gives depends on those before it.</summary>
    public bool KeepsOrder => pipelines.KeepsOrder;

    /// <summary>Takes a message; what it gives is durable when the task completes, and stored once however often the message comes.</summary>
    /// <param name="exchange">Where it was published, for counters and logs.</param>
    /// <param name="signature">The header <see cref="BatchSignature.HeaderName"/>; null where there is none.</param>
    /// <param name="turn">Its place among those that the broker gave out; null where order does not matter.</param>
    /// <exception cref="MalformedMessageException">It cannot be read; it is counted and logged.</exception>
    /// <exception cref="SignatureRefusedException">Its signature is missing or wrong; nothing is stored, it is counted and logged.</exception>
    public async Task AcceptAsync(ReadOnlyMemory<byte> body, string exchange, string? signature, DeliveryOrder.Turn? turn, CancellationToken ct)
    {
        ConvertedMessage? message = null;
        try
        {
            message = converter.Convert(body);
            var id = EventId.FromName(Encoding.UTF8.GetBytes($"notification\n{message.MessageId}"));
            var problems = new List<string>(message.Problems);
            var evidence = Evidence(message, body, signature);
            if (message.IsFinished || message.Samples.Count == 0)
                turn?.Dispose(); // those after it need not wait until it is stored
            var isNew = message.Columns is { } columns ? await store.StoreAsync(_repeated.Without(columns, id), id, Source, evidence, ct)
                : message.IsFinished ? await store.StoreAsync(_repeated.Without(message.Samples, id), message.Events, id, Source, problems.Add, ct, evidence)
                : await AcceptInTurnAsync(message, id, problems, turn, ct);
            metrics.Count(exchange, isNew ? "accepted" : "repeated");
            Report(exchange, message, problems);
        }
        catch (MalformedMessageException e)
        {
            metrics.Count(exchange, "malformed");
            log.Refused(exchange, e.EventType, e);
            throw;
        }
        catch (SignatureRefusedException e)
        {
            metrics.Count(exchange, "refused");
            log.Refused(exchange, message?.EventType, e);
            throw;
        }
        catch (Exception e) when (e is not OperationCanceledException and not ObjectDisposedException)
        {
            metrics.Count(exchange, "failed");
            log.Refused(exchange, message?.EventType, e);
            throw;
        }
    }

    private async Task<bool> AcceptInTurnAsync(ConvertedMessage message, EventId id, List<string> problems, DeliveryOrder.Turn? turn, CancellationToken ct)
    {
        if (turn is not null)
            await turn.ComeAsync(ct);
        var storing = pipelines.AcceptAsync(message.Samples, message.Events, id, Source, problems.Add, ct); // has its place in the pipelines' queue
        turn?.Dispose();
        return await storing;
    }

    /// <summary>What the sender signed: finished samples alone can be, since all others are changed on their way to the store.</summary>
    private BatchEvidence? Evidence(ConvertedMessage message, ReadOnlyMemory<byte> body, string? signature)
    {
        if (signature is null)
        {
            if (message.IsOfAgent && (message.Columns is not null || message.Samples.Count > 0))
                signatures.Demand(Source);
            return null;
        }
        if (!message.IsFinished || message.Events.Count > 0)
            throw new SignatureRefusedException($"{BatchSignature.HeaderName} is for finished samples, '{message.EventType}' brings others.");
        try
        {
            var parsed = BatchSignature.Parse(signature);
            return new(parsed, parsed.Over == SignedContent.Body ? body : default, "application/json");
        }
        catch (FormatException e)
        {
            throw new SignatureRefusedException(e.Message);
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
