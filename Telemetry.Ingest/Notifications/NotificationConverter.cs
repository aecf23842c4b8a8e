using System.Text.Json;
using System.Text.RegularExpressions;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Signing;
using Telemetry.Domain.TelemetryEvents;
using Telemetry.Ingest.Definitions;
using Telemetry.Ingest.Definitions.Paths;
using Telemetry.Ingest.Samples;

namespace Telemetry.Ingest.Notifications;

/// <summary>Makes samples and telemetry events out of the messages that a cloud's services and agents send. Safe for use by many threads.</summary>
/// <remarks>
/// It does what ceilometer-agent-notification does with the same definitions: meters and the built-in samples are made of the priorities
/// <c>info</c> and <c>sample</c>, events of <c>info</c> and <c>error</c>. Where a part of a message is wrong, that part gives nothing
/// and a problem says why; the rest counts. Lists of finished samples and events from other agents are taken if their signatures hold.
/// </remarks>
public sealed class NotificationConverter
{
    private readonly MeterDefinitions _meters;
    private readonly EventDefinitions _events;
    private readonly NotificationOptions _options;
    private readonly SampleReader? _reader;

    /// <param name="reader">Reads finished samples a tenth as long as one by one; null for none.</param>
    internal NotificationConverter(MeterDefinitions meters, EventDefinitions events, NotificationOptions? options = null, SampleReader? reader = null) =>
        (_meters, _events, _options, _reader) = (meters, events, options ?? new(), reader);

    /// <param name="body">A message's body: JSON, in oslo.messaging's envelope or bare.</param>
    /// <exception cref="MalformedMessageException">It cannot be read at all.</exception>
    public ConvertedMessage Convert(ReadOnlyMemory<byte> body)
    {
        using var notification = Notification.Read(body);
        var conversion = new Conversion(notification);
        if (IsAbout(_options.SampleTopics, notification, perMeter: true))
        {
            conversion.IsFinished = true;
            if (Columns(notification) is { } columns)
                return conversion.Result() with { Columns = columns };
            Take(conversion, notification.Payload, conversion.Samples, SampleMessage.Read);
        }
        else if (IsAbout(_options.EventTopics, notification, perMeter: false))
        {
            conversion.IsFinished = true;
            Take(conversion, notification.Payload, conversion.Events, EventMessage.Read);
        }
        else
        {
            if (notification.Priority is "info" or "sample")
                AddSamples(conversion);
            if (notification.Priority is "info" or "error")
                AddEvent(conversion);
        }
        return conversion.Result();
    }

    private static bool IsAbout(IReadOnlyList<string> topics, Notification notification, bool perMeter) =>
        notification.PayloadUtf8[0] == '[' && topics.Any(t =>
            notification.EventType == t || (perMeter && notification.EventType.StartsWith($"{t}.", StringComparison.Ordinal)));

    /// <summary>Null where anything is wrong with any sample: one by one it is told, and the others count.</summary>
    private SampleBatch? Columns(Notification notification)
    {
        try
        {
            return _reader?.Read(notification.PayloadUtf8, SampleFormat.Json, SampleRules.Finished) is { Dropped: 0 } read ? read.Batch : null;
        }
        catch (Exception e) when (e is SampleFaultException or SignatureRefusedException)
        {
            return null;
        }
    }

    private void Take<T>(Conversion conversion, JsonElement messages, List<T> list, Func<JsonElement, T> read)
    {
        foreach (var message in messages.EnumerateArray())
        {
            if (message.ValueKind == JsonValueKind.Object && !MessageSignature.Verify(message, _options.Secrets))
                conversion.RefuseSignature(message);
            else
                conversion.Try(() => list.Add(read(message)));
        }
    }

    private void AddSamples(Conversion conversion)
    {
        var notification = conversion.Notification;
        if (notification.EventType is "telemetry.polling" or "telemetry.api")
        {
            if (notification.Payload.ValueKind == JsonValueKind.Object
                && SampleFields.Find(notification.Payload, "samples") is { ValueKind: JsonValueKind.Array } samples)
                Take(conversion, samples, conversion.Samples, SampleMessage.Read);
            else
                conversion.Problem("'payload.samples' is no list.");
            return;
        }
        if (notification.EventType is "http.request" or "http.response")
            conversion.Try(() => conversion.Samples.Add(BuiltInSamples.OfRequest(notification, _options)));
        else if (notification.EventType.StartsWith("hardware.ipmi.", StringComparison.Ordinal))
            conversion.Try(() => BuiltInSamples.AddSensors(notification, _options, conversion.Samples, conversion.Problem));
        foreach (var definition in _meters.For(notification.EventType, conversion.Problem))
            conversion.Try(() => AddSamples(conversion, definition));
    }

    private void AddSamples(Conversion conversion, MeterDefinition definition)
    {
        foreach (var sample in definition.Samples(conversion.Notification.Presented))
            conversion.Try(() => conversion.Samples.Add(Complete(conversion.Notification, sample)));
    }

    private SampleInFlight Complete(Notification notification, DefinedSample sample)
    {
        var meter = SampleFields.Required("name", sample.Name);
        try
        {
            return new(
                new SeriesKey(
                    meter,
                    SampleFields.Type("type", sample.Type),
                    SampleFields.Text("unit", sample.Unit),
                    SampleFields.Required("resource_id", sample.ResourceId),
                    SampleFields.Text("project_id", sample.ProjectId),
                    SampleFields.Text("user_id", sample.UserId),
                    _options.SampleSource),
                sample.Timestamp is null ? notification.Timestamp : SampleFields.Timestamp("timestamp", sample.Timestamp),
                SampleFields.Volume("volume", sample.Volume),
                MetadataOf(notification, sample));
        }
        catch (FormatException e)
        {
            throw new FormatException($"Meter '{meter}': {e.Message}", e);
        }
    }

    private Metadata MetadataOf(Notification notification, DefinedSample sample)
    {
        var user = sample.UserMetadata is { } source
            ? UserMetadata.Select(source, key => sample.Metadata.Any(m => m.Key == key), _options)
            : null;
        if (sample.Metadata.Count == 0 && user is null)
            return BuiltInSamples.DefaultMetadata(notification, notification.Payload).Build();
        var metadata = new MetadataBuilder();
        foreach (var (key, value) in sample.Metadata)
            metadata.Add(key, value);
        return (user is null ? metadata : metadata.Add("user_metadata", user.Value)).Build();
    }

    private void AddEvent(Conversion conversion) => conversion.Try(() =>
    {
        var notification = conversion.Notification;
        if (_events.For(notification.EventType) is not { } definition)
            return;
        var traits = definition.Traits.Select(t => t.Find(notification.Presented)).OfType<Trait>().ToList();
        var made = new TelemetryEvent(notification.MessageId, notification.EventType, notification.Timestamp, traits);
        conversion.Events.Add(_options.StoreRaw.Contains(notification.Priority) ? made with { Raw = notification.Presented.Clone() } : made);
    });

    private sealed class Conversion(Notification notification)
    {
        private const int MaxProblems = 100;

        private readonly List<string> _problems = [];
        private int _refused;

        public Notification Notification => notification;
        public bool IsFinished { get; set; }
        public List<SampleInFlight> Samples { get; } = [];
        public List<TelemetryEvent> Events { get; } = [];

        public void Problem(string problem)
        {
            if (_problems.Count < MaxProblems)
                _problems.Add(problem);
        }

        public void RefuseSignature(JsonElement message)
        {
            _refused++;
            var id = SampleFields.Find(message, "message_id") is { ValueKind: JsonValueKind.String } text ? text.GetRawText() : "(none)";
            Problem($"The signature of message {id} is missing or wrong.");
        }

        public void Try(Action action)
        {
            try
            {
                action();
            }
            // What a message can be wrong in; InvalidOperationException is half a surrogate pair in a JSON text.
            catch (Exception e) when (e is FormatException or PathException or MismatchedLookupException or JsonException
                or ArgumentException or RegexMatchTimeoutException or InvalidOperationException)
            {
                Problem(e.Message);
            }
        }

        public ConvertedMessage Result() =>
            new(notification.MessageId, notification.EventType, notification.Priority, Samples, Events, _problems, _refused) { IsFinished = IsFinished };
    }
}
