using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Telemetry.Domain.Signing;

namespace Telemetry.Ingest.Datagrams;

public static class DatagramsServiceCollectionExtensions
{
    /// <summary>Adds the receivers of samples over UDP and TCP; each is off until its setting <c>Endpoint</c> names an address.</summary>
    /// <remarks>An <see cref="ISampleIntake"/> must be registered, and <see cref="SigningSecrets"/> where signatures count.</remarks>
    public static IServiceCollection AddTelemetryDatagrams(this IServiceCollection services)
    {
        foreach (var section in (string[])[DatagramOptions.Udp, DatagramOptions.Tcp])
            services.AddOptions<DatagramOptions>(section).BindConfiguration(section).ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(SigningSecrets.None);
        services.AddMetrics();
        services.TryAddSingleton<DatagramMetrics>();
        services.TryAddSingleton<UdpSampleReceiver>();
        services.TryAddSingleton<TcpSampleReceiver>();
        return services
            .AddHostedService(static s => s.GetRequiredService<UdpSampleReceiver>())
            .AddHostedService(static s => s.GetRequiredService<TcpSampleReceiver>());
    }
}
