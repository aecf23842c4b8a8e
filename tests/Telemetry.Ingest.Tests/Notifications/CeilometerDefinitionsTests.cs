using Telemetry.Ingest.Definitions;
using Telemetry.Ingest.Notifications;

namespace Telemetry.Ingest.Tests.Notifications;

/// <summary>A site's own definition files drop in: those that Ceilometer 19 itself comes with give its goldens.</summary>
public sealed class CeilometerDefinitionsTests(CeilometerPackage package) : IClassFixture<CeilometerPackage>
{
    [Fact]
    public void The_files_of_Ceilometer_give_the_samples_and_events_of_Ceilometer()
    {
        var converter = new NotificationConverter(
            MeterDefinitions.Read([("meters.yaml", package.Meters)]), EventDefinitions.Read("event_definitions.yaml", package.Events));

        Assert.All(Recordings.Goldens.Keys, n => GoldenTests.Check(converter, n));
    }

    [Fact]
    public void There_are_as_many_shipped_meters_as_Ceilometer_has() =>
        Assert.Equal(MeterDefinitions.Read([("meters.yaml", package.Meters)]).Count, ShippedDefinitions.Meters().Count);
}
