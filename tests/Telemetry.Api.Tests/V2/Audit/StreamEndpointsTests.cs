using System.Text.Json;
using Telemetry.Api.Tests.Support;
using Telemetry.Api.V2.Streams;
using Telemetry.Domain.Audit;

namespace Telemetry.Api.Tests.V2.Audit;

public sealed class StreamEndpointsTests : IAsyncLifetime
{
    private static readonly (string, string) OfP = ("X-Project-Id", "p");
    private AuditHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        _host = await AuditHost.StartAsync();
        for (var i = 1; i <= 3; i++)
        {
            await _host.RecordAsync("p", i);
            await _host.RecordAsync("p-2", i);
        }
        await _host.RecordAsync("p", 4, "2026-11-01T00:00:00");
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Streams_are_listed_by_prefix_and_only_the_callers_own()
    {
        Assert.Equal(["samples-p-2-2026-10", "samples-p-2026-10", "samples-p-2026-11"], Names(await _host.GetAsync("/v2/streams")));
        Assert.Equal(["samples-p-2026-10", "samples-p-2026-11"], Names(await _host.GetAsync("/v2/streams", OfP)));
        Assert.Equal(["samples-p-2026-11"], Names(await _host.GetAsync("/v2/streams?prefix=samples-p-2026-11", OfP)));
        Assert.Equal(["samples-p-2-2026-10"], Names(await _host.GetAsync("/v2/streams?limit=1")));
        Assert.Empty(Names(await _host.GetAsync("/v2/streams?prefix=samples-p-2-", OfP)));
        Assert.Empty(Names(await _host.GetAsync("/v2/streams", ("X-Project-Id", "none"))));
    }

    [Fact]
    public async Task A_stream_is_read_forwards_and_backwards_from_a_version()
    {
        Assert.Equal<long[]>([1L, 2L, 3L], Versions(await _host.GetAsync("/v2/streams/samples-p-2026-10", OfP)));
        Assert.Equal<long[]>([2L, 3L], Versions(await _host.GetAsync("/v2/streams/samples-p-2026-10?from=2")));
        Assert.Equal<long[]>([3L, 2L], Versions(await _host.GetAsync("/v2/streams/samples-p-2026-10?direction=backwards&limit=2")));
        Assert.Empty(Versions(await _host.GetAsync("/v2/streams/samples-x-2026-10")));
    }

    [Fact]
    public async Task Another_projects_stream_is_not_there_for_a_limited_caller()
    {
        Assert.Equal(404, (await _host.GetAsync("/v2/streams/samples-p-2-2026-10", OfP)).Status);
        Assert.Equal(404, (await _host.GetAsync("/v2/streams/samples-p-2-2026-10/subscribe", OfP)).Status);
        Assert.Equal(404, (await _host.GetAsync("/v2/streams/key-k", OfP)).Status);
        Assert.Equal(403, (await _host.GetAsync("/v2/streams/$all", OfP)).Status);
    }

    [Fact]
    public async Task A_stream_is_read_as_lines_of_events_or_of_samples_or_raw()
    {
        var events = await _host.GetAsync("/v2/streams/samples-p-2026-10", ("Accept", StreamEndpoints.Ndjson));
        var samples = await _host.GetAsync("/v2/streams/samples-p-2026-10", ("Accept", StreamEndpoints.SamplesNdjson));
        var raw = await _host.GetAsync("/v2/streams/samples-p-2026-10?from=2", ("Accept", StreamEndpoints.Raw));

        Assert.Equal([1, 2, 3], events.Lines.Select(l => JsonElement.Parse(l).GetProperty("samples")[0].GetProperty("volume").GetDouble()));
        Assert.Equal([1, 2, 3], samples.Lines.Select(l => JsonElement.Parse(l).GetProperty("volume").GetDouble()));
        Assert.Equal([2], CanonicalSamples.Decode(raw.Bytes).Volumes);
        Assert.Equal(406, (await _host.GetAsync("/v2/streams/samples-p-2026-10", ("Accept", "image/png"))).Status);
    }

    [Fact]
    public async Task All_events_are_read_by_position() =>
        Assert.Equal([6L, 7L], (await _host.GetAsync("/v2/streams/$all?from=6")).Json.EnumerateArray().Select(e => e.GetProperty("position").GetInt64()));

    [Theory]
    [InlineData("/v2/streams/samples-p-2026-10?from=0", "Value: '0'.")]
    [InlineData("/v2/streams/samples-p-2026-10?direction=up", "Value: 'up'.")]
    [InlineData("/v2/streams/samples-p-2026-10?limit=0", "Limit must be positive")]
    [InlineData("/v2/streams/samples-p-2026-10?limit=10001", "Value: '10001'.")]
    [InlineData("/v2/streams/$all?direction=backwards", "Value: 'backwards'.")]
    public async Task What_is_asked_wrongly_is_refused(string path, string problem)
    {
        var answer = await _host.GetAsync(path);

        Assert.Equal(400, answer.Status);
        Assert.Contains(problem, answer.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("samples-p-2026-10", "1", new long[] { 2, 3, 4 })]
    [InlineData("samples-p-2026-10", null, new long[] { 1, 2, 3, 4 })]
    [InlineData("$all", "6", new long[] { 7, 8 })]
    public async Task A_subscriber_gets_what_is_there_and_what_comes_and_goes_on_where_it_stopped(string stream, string? lastEventId, long[] ids)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v2/streams/{stream}/subscribe");
        if (lastEventId is not null)
            request.Headers.Add("Last-Event-ID", lastEventId);
        using var response = await _host.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        await _host.RecordAsync("p", 99);

        var received = new List<long>();
        while (received.Count < ids.Length && await lines.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            if (line.StartsWith("id: ", StringComparison.Ordinal))
                received.Add(long.Parse(line[4..], null));
        }

        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal(ids, received);
    }

    private static string[] Names(Answer answer) => [.. answer.Json.EnumerateArray().Select(s => s.GetProperty("name").GetString()!)];

    private static long[] Versions(Answer answer) => [.. answer.Json.EnumerateArray().Select(e => e.GetProperty("version").GetInt64())];
}
