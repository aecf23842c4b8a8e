using MassTransit;

namespace Telemetry.Ingest.Notifications.Bus;

/// <summary>A part of the program that consumes from the message bus, or publishes to it.</summary>
internal interface IBusUser
{
    /// <summary>Declares what it consumes, on one broker's bus before that starts.</summary>
    /// <param name="isFirst">Whether it is the first broker that is set, which is the one that is published to.</param>
    void Configure(IBusFactoryConfigurator bus, bool isFirst)
    {
    }

    /// <summary>Gives it the first broker's bus once that has started; null when that is over, until the next one has.</summary>
    void Use(IBusControl? bus)
    {
    }
}
