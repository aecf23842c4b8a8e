using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Telemetry.Api.V2;
using Telemetry.Domain.Streams;
using Telemetry.Ingest.Samples;
using EventId = Telemetry.Domain.Streams.EventId;

namespace Telemetry.Api.Tests;

/// <summary>The intake behind a real Kestrel on a free port, with a log in memory.</summary>
public class SampleIntakeHost : IAsyncLifetime
{
    private WebApplication _app = null!;

    /// <summary>Of the program's configuration.</summary>
    protected virtual IReadOnlyDictionary<string, string?> Settings => new Dictionary<string, string?>();

    internal SwitchableStore Store { get; } = new();
    public HttpClient Client { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(Settings);
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddTelemetryApi();
        builder.Services.AddSampleIntake();
        builder.Services.AddSingleton<IEventStore>(Store);
        builder.Services.AddSingleton<IProjectionProgress, AlwaysVisible>();
        builder.Services.Configure<SampleLimits>(l => l.MaxBodyBytes = 8 << 20);
        _app = builder.Build();
        _app.UseTelemetryApi();
        _app.MapSampleIntake();
        _app.MapPublishedSamples();
        await _app.StartAsync();
        var address = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        Client = new HttpClient { BaseAddress = new Uri(address), Timeout = TimeSpan.FromSeconds(20) };
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    public async Task<IntakeAnswer> PostAsync(string path, byte[] body, string? contentType = "application/json", params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = contentType is null ? null : MediaTypeHeaderValue.Parse(contentType);
        foreach (var (name, value) in headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
                request.Content.Headers.TryAddWithoutValidation(name, value);
        }
        using var response = await Client.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return new((int)response.StatusCode, text, name => response.Headers.TryGetValues(name, out var values) ? values.Single() : null);
    }

    public Task<IntakeAnswer> PostAsync(string path, string body, string? contentType = "application/json", params (string Name, string Value)[] headers) =>
        PostAsync(path, Encoding.UTF8.GetBytes(body), contentType, headers);

    private sealed class AlwaysVisible : IProjectionProgress
    {
        public ValueTask<bool> WaitForAsync(long position, TimeSpan timeout, CancellationToken ct = default) => ValueTask.FromResult(true);
    }
}

public sealed record IntakeAnswer(int Status, string Body, Func<string, string?> Header)
{
    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    /// <summary>The text of an error of the API layer.</summary>
    public string FaultString
    {
        get
        {
            var error = Json.GetProperty("error_message");
            Assert.Equal(Status < 500 ? "Client" : "Server", error.GetProperty("faultcode").GetString());
            return error.GetProperty("faultstring").GetString()!;
        }
    }
}

/// <summary>A log in memory that can be made to refuse.</summary>
internal sealed class SwitchableStore : IEventStore
{
    private readonly InMemoryEventStore _store = new(TimeProvider.System);

    public Exception? Refusal { get; set; }

    public Task<AppendResult> AppendAsync(IReadOnlyList<NewEvent> events, CancellationToken ct = default) =>
        Refusal is { } refusal ? Task.FromException<AppendResult>(refusal) : _store.AppendAsync(events, ct);

    public IAsyncEnumerable<RecordedEvent> ReadAllAsync(long after = 0, CancellationToken ct = default) => _store.ReadAllAsync(after, ct);

    public IAsyncEnumerable<StreamEvent> ReadStreamAsync(
        StreamName stream, long from = 1, ReadDirection direction = ReadDirection.Forwards, CancellationToken ct = default) =>
        _store.ReadStreamAsync(stream, from, direction, ct);

    public IAsyncEnumerable<RecordedEvent> SubscribeAsync(long after, CancellationToken ct) => _store.SubscribeAsync(after, ct);

    public Task<RecordedEvent?> FindAsync(EventId id, CancellationToken ct = default) => _store.FindAsync(id, ct);

    public Task<RecordedEvent?> FindAsync(long position, CancellationToken ct = default) => _store.FindAsync(position, ct);

    public IAsyncEnumerable<StreamVersion> ListStreamsAsync(string prefix = "", CancellationToken ct = default) => _store.ListStreamsAsync(prefix, ct);

    public Task<long> HeadAsync(CancellationToken ct = default) => _store.HeadAsync(ct);
}
