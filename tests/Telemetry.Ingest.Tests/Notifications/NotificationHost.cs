using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;
using Telemetry.Ingest.Events;
using Telemetry.Ingest.Notifications;
using Telemetry.Ingest.Pipelines.Publishers;
using Telemetry.Ingest.Samples;

namespace Telemetry.Ingest.Tests.Notifications;

/// <summary>Everything that takes notifications, on the bus within the process and a log in memory.</summary>
internal sealed class NotificationHost : IAsyncDisposable
{
    private readonly IHost _host;

    private NotificationHost(IHost host) => _host = host;

    /// <param name="data">The data directory.</param>
    /// <param name="log">The log, kept by the test across hosts.</param>
    public static async Task<NotificationHost> StartAsync(string data, IEventStore log, params (string Name, string Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Configuration.AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Name, (string?)s.Value)));
        builder.Services.AddLogging(logging => logging.ClearProviders());
        builder.Services.AddSingleton(_ => DataDirectory.Open(data));
        builder.Services.AddSingleton(log);
        builder.Services.AddSingleton<IProjectionProgress, NothingToWaitFor>();
        builder.Services.AddSampleIntake().AddEventIntake().AddNotifications();
        var host = builder.Build();
        try
        {
            await host.StartAsync(TestContext.Current.CancellationToken);
        }
        catch
        {
            host.Dispose();
            throw;
        }
        return new(host);
    }

    public Task SendAsync(string topic, string priority, string eventType, object payload, string? messageId = null) =>
        _host.Services.GetRequiredService<INotificationSender>().SendAsync(
            topic, priority,
            JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string>
            {
                ["oslo.version"] = "2.0",
                ["oslo.message"] = JsonSerializer.Serialize(new Dictionary<string, object>
                {
                    ["message_id"] = messageId ?? Guid.NewGuid().ToString(),
                    ["publisher_id"] = "p",
                    ["event_type"] = eventType,
                    ["priority"] = priority.ToUpperInvariant(),
                    ["payload"] = payload,
                    ["timestamp"] = "2026-11-20 10:00:00.000000",
                }),
            }),
            signature: null, TestContext.Current.CancellationToken);

    /// <summary>A list of samples in the form in which agents send them.</summary>
    public static JsonElement Messages(params SampleInFlight[] samples) =>
        JsonElement.Parse($"[{string.Join(',', samples.Select(s => Encoding.UTF8.GetString(SampleMessage.Write(s, Telemetry.Domain.Signing.SigningSecrets.None))))}]");

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }

    private sealed class NothingToWaitFor : IProjectionProgress
    {
        public ValueTask<bool> WaitForAsync(long position, TimeSpan timeout, CancellationToken ct = default) => ValueTask.FromResult(true);
    }
}
