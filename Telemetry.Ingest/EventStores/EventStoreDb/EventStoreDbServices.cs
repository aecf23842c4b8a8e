using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Telemetry.Domain.Streams;

namespace Telemetry.Ingest.EventStores.EventStoreDb;

public static class EventStoreDbServices
{
    /// <summary>What an address looks like.</summary>
    public const string Example = EventStoreDbAddress.Example;

    /// <summary>Whether a text is meant as an address of an EventStoreDB or KurrentDB.</summary>
    public static bool IsAddress(string text) => EventStoreDbAddress.IsOne(text);

    /// <summary>Checks an address.</summary>
    /// <exception cref="FormatException">It is none; the message says why, without what is secret.</exception>
    public static void CheckAddress(string text) => EventStoreDbAddress.Parse(text);

    /// <summary>The event log in EventStoreDB or KurrentDB.</summary>
    /// <param name="address">As its own clients take it: <c>esdb://USER:PASSWORD@HOST:2113?tls=true</c>.</param>
    public static IServiceCollection AddEventStoreDbEventStore(this IServiceCollection services, string address)
    {
        services.AddOptions<EventStoreDbOptions>().BindConfiguration("Telemetry:EventLog").ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IEventStore>(s => new EventStoreDbEventStore(
            EventStoreDbAddress.Parse(address), s.GetRequiredService<TimeProvider>(), s.GetRequiredService<IOptions<EventStoreDbOptions>>().Value,
            s.GetRequiredService<ILogger<EventStoreDbEventStore>>()));
        return services;
    }
}
