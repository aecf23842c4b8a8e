using MassTransit;
using Microsoft.Extensions.Options;
using Telemetry.Conformance;
using Telemetry.Ingest.Notifications.Bus;
using Telemetry.Ingest.Pipelines.Publishers;

namespace Telemetry.Ingest.Tests.Notifications.Bus;

public sealed class BusSenderTests
{
    private readonly ManualTime _clock = new();
    private readonly BusSender _sender;

    public BusSenderTests() => _sender = new(Options.Create(new BusOptions()), _clock);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_sent_while_the_broker_is_away_goes_to_the_next_bus()
    {
        var received = new TaskCompletionSource<byte[]>();
        var (lost, next) = (InMemory(_ => throw new InvalidOperationException("This bus is over.")), InMemory(body => received.SetResult(body)));
        await lost.StartAsync(Ct);
        _sender.Use(lost);
        _sender.Use(null);

        var sending = _sender.SendAsync("t", "sample", "{}"u8.ToArray(), signature: null, Ct);
        Assert.False(sending.IsCompleted);
        await next.StartAsync(Ct);
        _sender.Use(next);

        await sending;
        Assert.Equal("{}"u8.ToArray(), await received.Task.WaitAsync(Ct));
        await lost.StopAsync(Ct);
        await next.StopAsync(Ct);
    }

    [Fact]
    public async Task What_waits_for_a_broker_too_long_is_given_back()
    {
        var sending = _sender.SendAsync("t", "sample", "{}"u8.ToArray(), signature: null, Ct);

        _clock.Advance(BusSender.Patience);

        Assert.Contains("'t' within 10 s", (await Assert.ThrowsAsync<PublisherException>(() => sending)).Message, StringComparison.Ordinal);
    }

    private static IBusControl InMemory(Action<byte[]> take) => MassTransit.Bus.Factory.CreateUsingInMemory(bus =>
    {
        bus.AddSerializer(new RawBody());
        bus.AddDeserializer(new RawBody(), isDefault: true);
        bus.ReceiveEndpoint("t.sample", endpoint =>
        {
            endpoint.ConfigureConsumeTopology = false;
            endpoint.Handler<BusMessage>(context =>
            {
                take(context.Message.Body.ToArray());
                return Task.CompletedTask;
            });
        });
    });
}
