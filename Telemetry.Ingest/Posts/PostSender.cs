using System.Collections.Concurrent;
using MassTransit;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client.Exceptions;
using Telemetry.Domain.Streams;
using Telemetry.Ingest.Notifications.Bus;
using Telemetry.Ingest.Samples;

namespace Telemetry.Ingest.Posts;

/// <summary>Hands POSTs over to a process that takes them in, and waits for the answers. Safe for use by many threads.</summary>
/// <remarks>
/// A POST is confirmed by the broker, waits in a quorum queue no longer than its sender does, and is acknowledged when it has been answered; answers come
/// over a queue of this process that the broker deletes once it is not used any more.
/// </remarks>
public sealed class PostSender : IBusUser
{
    private static readonly TimeSpan KeepUnused = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<Guid, TaskCompletionSource<PostAnswer>> _waiting = new();
    private readonly string _answersTo = $"{PostMessages.Answers}.{Guid.NewGuid():N}";
    private readonly TimeSpan _patience;
    private readonly TimeProvider _clock;
    private readonly ILogger<PostSender> _logger;
    private volatile IBusControl? _bus;

    /// <param name="patience">How long an answer is waited for.</param>
    internal PostSender(TimeSpan patience, TimeProvider clock, ILogger<PostSender> logger) => (_patience, _clock, _logger) = (patience, clock, logger);

    /// <summary>The most bytes that the body of a POST may have.</summary>
    public static int MaxBodyBytes => PostMessages.MaxBodyBytes;

    /// <summary>Hands a POST over; what it brought is durable where the answer says so.</summary>
    /// <exception cref="BodyRefusedException">The body has more than <see cref="MaxBodyBytes"/>.</exception>
    /// <exception cref="EventStoreBusyException">Broker or process are away, or do not answer in time. The message says whether it may be stored all the same.</exception>
    public async Task<PostAnswer> SendAsync(Post post, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(post);
        if (post.Body.Length > MaxBodyBytes)
            throw new BodyRefusedException(BodyRefusal.TooLarge, $"The body has {post.Body.Length} bytes; at most {MaxBodyBytes} go over the message bus.");
        if (_bus is not { } bus || bus.CheckHealth().Status != BusHealthStatus.Healthy)
            throw new EventStoreBusyException("The message bus does not answer. Try again later.");
        using var patience = new CancellationTokenSource(_patience, _clock);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct, patience.Token);
        var answer = _waiting.GetOrAdd(post.Head.Id, static _ => new(TaskCreationOptions.RunContinuationsAsynchronously));
        try
        {
            var queue = await bus.GetSendEndpoint(new($"exchange:{PostMessages.Queue}"));
            await queue.Send(new BusMessage(post.Body), context => Dress(context, post.Head), limit.Token);
            return await answer.Task.WaitAsync(limit.Token);
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            throw new EventStoreBusyException(
                $"No process with the role ingest has answered within {_patience.TotalSeconds} s. What was sent may be stored all the same. Try again later, with an Idempotency-Key.", e);
        }
        catch (MessageReturnedException e)
        {
            throw new EventStoreBusyException("No process with the role ingest takes anything from the message bus. Try again later.", e);
        }
        catch (Exception e) when (e is MassTransitException or RabbitMQClientException)
        {
            _logger.PostNotSent(e.GetBaseException().Message);
            throw new EventStoreBusyException("The message bus has not confirmed what was sent; it may be stored all the same. Try again later, with an Idempotency-Key.", e);
        }
        finally
        {
            _waiting.TryRemove(post.Head.Id, out _);
        }
    }

    void IBusUser.Configure(IBusFactoryConfigurator bus, bool isFirst)
    {
        if (!isFirst || bus is not IRabbitMqBusFactoryConfigurator rabbit)
            return;
        rabbit.ReceiveEndpoint(_answersTo, endpoint =>
        {
            endpoint.LeadFrom(PostMessages.Answers);
            endpoint.QueueExpiration = KeepUnused;
            endpoint.Handler<BusMessage>(TakeAsync);
        });
    }

    void IBusUser.Use(IBusControl? bus) => _bus = bus;

    private void Dress(SendContext context, PostHead head)
    {
        context.Headers.Set(PostMessages.HeadHeader, PostMessages.Write(head));
        context.Headers.Set(PostMessages.AnswerToHeader, _answersTo);
        context.TimeToLive = _patience;
        if (context.TryGetPayload(out RabbitMqSendContext? rabbit))
            rabbit.Mandatory = true;
    }

    private Task TakeAsync(ConsumeContext<BusMessage> context)
    {
        var head = PostMessages.Read<PostAnswerHead>(context.Headers.Get<string>(PostMessages.HeadHeader));
        if (_waiting.TryGetValue(head.Id, out var waiting)) // else who waited has gone
            waiting.TrySetResult(new(head, context.Message.Body));
        return Task.CompletedTask;
    }
}
