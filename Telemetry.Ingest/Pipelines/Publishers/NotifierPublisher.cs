using System.Globalization;
using System.Text.Json;
using Telemetry.Domain.Audit;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Signing;
using Telemetry.Domain.TelemetryEvents;
using Telemetry.Ingest.Notifications;

namespace Telemetry.Ingest.Pipelines.Publishers;

/// <summary>Puts a message on the bus of a cloud: the port by which notifications leave.</summary>
public interface INotificationSender
{
    /// <param name="topic">Of oslo.messaging: the routing key is TOPIC.PRIORITY.</param>
    /// <param name="body">The whole body, envelope included.</param>
    /// <param name="signature">Goes along as a header; null for none.</param>
    /// <exception cref="PublisherException">The bus did not take it.</exception>
    Task SendAsync(string topic, string priority, ReadOnlyMemory<byte> body, BatchSignature? signature, CancellationToken ct);
}

/// <summary><c>notifier://[?topic=T&amp;per_meter_topic=1&amp;policy=default|queue|drop&amp;max_queue_length=N]</c>: signed messages over oslo.messaging.</summary>
/// <remarks>
/// What the bus does not take is an error by the policy <c>default</c>, is forgotten by <c>drop</c>, and by <c>queue</c> is kept for
/// the next time, the oldest of more than <c>max_queue_length</c> (1024) batches forgotten.
/// </remarks>
/// <param name="signer">Signs the batches of samples; null where nothing is signed.</param>
internal sealed class NotifierPublisher(PublisherUrl url, SigningSecrets secrets, BatchSigner? signer, INotificationSender sender, TimeProvider clock, string host)
    : IPublisher, IDisposable
{
    public const string SampleTopic = "metering";
    public const string EventTopic = "event";

    private readonly SemaphoreSlim _one = new(1);
    private readonly Queue<(string Topic, byte[] Body, BatchSignature? Signature)> _waiting = [];
    private readonly string _policy = url.Option("policy") is "queue" or "drop" ? url.Option("policy")! : "default";
    private readonly bool _perMeter = url.Option("per_meter_topic") is "1" or "True" or "true";
    private readonly int _maxWaiting = int.TryParse(url.Option("max_queue_length"), NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n > 0 ? n : 1024;

    public Task PublishAsync(IReadOnlyList<SampleInFlight> samples, CancellationToken ct)
    {
        var messages = samples.Select(s => (s.Series.Meter, Message: SampleMessage.Write(s, secrets))).ToList();
        var batches = new List<(string, byte[], BatchSignature?)>();
        foreach (var topic in Topics(url, SampleTopic))
        {
            if (messages.Count > 0)
                batches.Add(Signed(topic, topic, [.. messages.Select(m => m.Message)]));
            if (_perMeter)
                batches.AddRange(messages.GroupBy(m => m.Meter).Select(g => Signed(topic, $"{topic}.{g.Key}", [.. g.Select(m => m.Message)])));
        }
        return SendAsync(batches, ct);
    }

    public Task PublishAsync(IReadOnlyList<TelemetryEvent> events, CancellationToken ct) => SendAsync(
        events.Count == 0 ? [] : [.. Topics(url, EventTopic).Select(topic => (topic, Body(topic, events.Select(e => EventMessage.Write(e, secrets))), (BatchSignature?)null))], ct);

    public void Dispose() => _one.Dispose();

    /// <param name="absent">The topic where the URL names none.</param>
    public static IReadOnlyList<string> Topics(PublisherUrl url, string absent) => url.Options("topic") is { Count: > 0 } topics ? topics : [absent];

    private (string Topic, byte[] Body, BatchSignature? Signature) Signed(string topic, string eventType, byte[][] messages)
    {
        var body = Body(eventType, messages);
        // Of samples that come twice the receiver keeps one: with per_meter_topic it may keep a part of a message, which is then proved by its body alone.
        return (topic, body, signer is null ? null : _perMeter ? signer.SignBody(body) : signer.SignStreams(SampleInFlight.ToBatch([.. messages.Select(Read)])));
    }

    /// <summary>A sample as the receiver reads it: what it stores is signed, to the last digit.</summary>
    private static SampleInFlight Read(byte[] message)
    {
        using var document = JsonDocument.Parse(message);
        return SampleMessage.Read(document.RootElement);
    }

    private byte[] Body(string eventType, IEnumerable<byte[]> messages) =>
        OsloNotification.Write($"telemetry.publisher.{host}", eventType, "sample", PublishedText.List(messages), clock.GetUtcNow());

    private async Task SendAsync(IReadOnlyList<(string Topic, byte[] Body, BatchSignature? Signature)> batches, CancellationToken ct)
    {
        await _one.WaitAsync(ct);
        try
        {
            foreach (var batch in batches)
                _waiting.Enqueue(batch);
            while (_waiting.TryPeek(out var next))
            {
                await sender.SendAsync(next.Topic, "sample", next.Body, next.Signature, ct);
                _waiting.Dequeue();
            }
        }
        catch (PublisherException) when (_policy == "queue")
        {
            while (_waiting.Count > _maxWaiting)
                _waiting.Dequeue();
        }
        catch (PublisherException) when (_policy == "drop")
        {
            _waiting.Clear();
        }
        catch (PublisherException)
        {
            _waiting.Clear(); // the caller knows, and may publish them again
            throw;
        }
        finally
        {
            _one.Release();
        }
    }
}
