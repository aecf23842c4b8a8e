using System.Diagnostics.CodeAnalysis;
using System.Net.Mime;
using MassTransit;
using MassTransit.Serialization;

namespace Telemetry.Ingest.Notifications.Bus;

/// <summary>Bodies as they are, of whatever content type, in both directions.</summary>
/// <remarks>
/// MassTransit's own raw JSON would parse the body first, and refuse what Python's JSON may say (NaN); a message that is wrong would
/// then fail there, with a reason of its making and before it is counted.
/// </remarks>
internal sealed class RawBody : ISerializerFactory, IMessageSerializer, IMessageDeserializer
{
    private static readonly ContentType Json = new("application/json");

    public ContentType ContentType => Json;

    public IMessageSerializer CreateSerializer() => this;

    public IMessageDeserializer CreateDeserializer() => this;

    public MessageBody GetMessageBody<T>(SendContext<T> context)
        where T : class => context.Message is BusMessage message
            ? new MemoryMessageBody(message.Body)
            : throw new NotSupportedException($"The bus carries bytes, not {typeof(T).Name}.");

    public MessageBody GetMessageBody(string text) => new StringMessageBody(text);

    public ConsumeContext Deserialize(ReceiveContext receiveContext) =>
        new BodyConsumeContext(receiveContext, Deserialize(receiveContext.Body, receiveContext.TransportHeaders, receiveContext.InputAddress));

    public SerializerContext Deserialize(MessageBody body, Headers headers, Uri? destinationAddress = null) =>
        new Context(new(body.GetBytes()), new RawMessageContext(headers, destinationAddress, RawSerializerOptions.AnyMessageType));

    public void Probe(ProbeContext context) => context.CreateScope("raw");

    private sealed class Context(BusMessage message, MessageContext context) : SystemTextJsonRawSerializerContext(
        SystemTextJsonMessageSerializer.Instance, SystemTextJsonMessageSerializer.Options, Json, context, [], RawSerializerOptions.AnyMessageType, default)
    {
        public override bool IsSupportedMessageType<T>() => typeof(T) == typeof(BusMessage);

        public override bool IsSupportedMessageType(Type messageType) => messageType == typeof(BusMessage);

        public override bool TryGetMessage<T>([NotNullWhen(true)] out T? wanted)
            where T : class => (wanted = message as T) is not null;

        public override bool TryGetMessage(Type messageType, [NotNullWhen(true)] out object? wanted) =>
            (wanted = messageType == typeof(BusMessage) ? message : null) is not null;
    }
}
