using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;
using Telemetry.Domain.Signing;
using Telemetry.Domain.TelemetryEvents;
using Telemetry.Ingest.Configuration;
using Telemetry.Ingest.Pipelines;
using Telemetry.Ingest.Pipelines.Publishers;

namespace Telemetry.Ingest.Tests.Pipelines.Publishers;

/// <summary>The publishers that speak HTTP, to a server on this machine.</summary>
public sealed class HttpPublisherTests : IAsyncLifetime
{
    private static readonly TelemetryEvent Made = new("m-1", "x.y", InFlight.Start, [new("t", QueryValue.Of("v")), new("n", QueryValue.Of(2)), new("f", QueryValue.Of(2.0)), new("d", QueryValue.Instant(InFlight.Start))]);

    private readonly Channel<(string Url, string Type, string? Authorization, string Body)> _requests = Channel.CreateUnbounded<(string, string, string?, string)>();
    private readonly WebApplication _server;
    private int _status = 200;

    public HttpPublisherTests()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _server = builder.Build();
        _server.Run(async context =>
        {
            var body = await new StreamReader(context.Request.Body).ReadToEndAsync();
            context.Response.StatusCode = _status;
            _requests.Writer.TryWrite((context.Request.Path + context.Request.QueryString, context.Request.ContentType!, context.Request.Headers.Authorization, body));
        });
    }

    private string Address => _server.Urls.Single()["http://".Length..];

    public async ValueTask InitializeAsync() => await _server.StartAsync();

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Samples_are_posted_as_one_list_in_the_fields_of_Ceilometer()
    {
        await Publisher($"http://user:se%20cret@{Address}/in?a=b&timeout=3&batch=True").PublishAsync(
            [InFlight.Of(volume: 0.5, metadata: """{"k": [1.0]}""", monotonic: 2) with { MessageId = "id-1" }, InFlight.Of("b") with { MessageId = "id-2" }], CancellationToken.None);

        var (url, type, authorization, body) = Single();
        Assert.Equal(("/in?a=b", "application/json", $"Basic {Convert.ToBase64String("user:se cret"u8)}"), (url, type, authorization));
        Assert.StartsWith("""
            [{"name":"cpu","type":"cumulative","unit":"ns","volume":0.5,"user_id":"u1","user_name":null,"project_id":"p1","project_name":null,"resource_id":"r1","timestamp":"2026-11-20T10:00:00","resource_metadata":{"k":[1.0]},"source":"openstack","id":"id-1","monotonic_time":2},{"name":"b"
            """, body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_batches_each_item_is_a_request_and_an_empty_list_is_none()
    {
        var publisher = Publisher($"http://{Address}/?batch=False");
        await publisher.PublishAsync([InFlight.Of(), InFlight.Of()], CancellationToken.None);
        await publisher.PublishAsync(Array.Empty<SampleInFlight>(), CancellationToken.None);

        Assert.Equal(2, _requests.Reader.Count);
    }

    [Fact]
    public async Task Events_are_posted_unsigned_or_as_their_raw_payloads()
    {
        await Publisher($"http://{Address}/").PublishAsync([Made], CancellationToken.None);
        Assert.Equal("""[{"message_id":"m-1","event_type":"x.y","generated":"2026-11-20T10:00:00","traits":[["t",1,"v"],["n",2,2],["f",3,2.0],["d",4,"2026-11-20T10:00:00"]],"raw":{}}]""", Single().Body);

        await Publisher($"http://{Address}/?raw_only=True").PublishAsync([Made, Made with { Raw = System.Text.Json.JsonElement.Parse("""{"payload": {"a": 1}}""") }], CancellationToken.None);
        Assert.Equal("""[{"a": 1}]""", Single().Body);
    }

    [Fact]
    public async Task Prometheus_gets_a_push_for_each_resource_unless_the_address_names_a_group()
    {
        SampleInFlight[] samples = [InFlight.Of("disk.read-bytes", 1.5), InFlight.Of("disk.read-bytes", 2), InFlight.Of("load", 3, type: SampleType.Gauge, resource: "a/b \"c\""), InFlight.Of("d", 4, type: SampleType.Delta, user: null)];
        await Publisher($"prometheus://{Address}/metrics/job/j").PublishAsync(samples, CancellationToken.None);

        var (url, type, _, body) = Single();
        Assert.Equal(("/metrics/job/j/resource_id/r1", "plain/text"), (url, type));
        Assert.Equal("""
            # TYPE disk_read_bytes counter
            disk_read_bytes{resource_id="r1", user_id="u1", project_id="p1"} 1.5
            disk_read_bytes{resource_id="r1", user_id="u1", project_id="p1"} 2
            d{resource_id="r1", user_id="None", project_id="p1"} 4

            """, body);
        (url, _, _, body) = Single();
        Assert.Equal("/metrics/job/j/resource_id/a%2Fb%20%22c%22", url);
        Assert.Equal("""
            # TYPE load gauge
            load{resource_id="a/b \"c\"", user_id="u1", project_id="p1"} 3

            """, body);

        await Publisher($"prometheus://{Address}/metrics/job/j/cloud/c").PublishAsync(samples, CancellationToken.None);
        Assert.Equal("/metrics/job/j/cloud/c", Single().Url);
        Assert.Equal(0, _requests.Reader.Count);
    }

    [Fact]
    public async Task OpenTelemetry_gets_a_request_for_each_sample()
    {
        await Publisher($"opentelemetryhttp://{Address}/v1/metrics").PublishAsync([InFlight.Of("disk.read"), InFlight.Of("load", 2, type: SampleType.Delta)], CancellationToken.None);

        Assert.Equal("""
            {"resource_metrics":[{"scope_metrics":[{"scope":{"name":"ceilometer","version":"v1"},"metrics":[{"name":"disk_read","description":"disk.read unit:ns","unit":"ns","counter":{"data_points":[{"attributes":[{"key":"resource_id","value":{"string_value":"r1"}},{"key":"user_id","value":{"string_value":"u1"}},{"key":"project_id","value":{"string_value":"p1"}}],"start_time_unix_nano":1795168800,"time_unix_nano":1795168800,"as_double":1,"flags":0}]}}]}]}]}
            """, Single().Body);
        Assert.Contains("\"gauge\":", Single().Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_of_failure_is_an_error_and_not_tried_again()
    {
        _status = 503;

        var error = await Assert.ThrowsAsync<PublisherException>(() => Publisher($"http://user:secret@{Address}/").PublishAsync([InFlight.Of()], CancellationToken.None));

        Assert.Contains("the answer is 503", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
        Assert.Equal(1, _requests.Reader.Count);
    }

    [Fact]
    public async Task Our_own_options_are_taken_out_of_the_address_and_all_others_stay()
    {
        await Publisher($"http://{Address}/in?a=1&timeout=3&max_retries=1&batch=True&verify_ssl=False&raw_only=False&ssl=False&b=2").PublishAsync([InFlight.Of()], CancellationToken.None);

        Assert.Equal("/in?a=1&b=2", Single().Url);
    }

    [Fact]
    public async Task A_server_that_does_not_answer_in_time_is_an_error()
    {
        using var silent = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        silent.Start();

        var error = await Assert.ThrowsAsync<PublisherException>(() => Publisher($"http://{silent.LocalEndpoint}/?timeout=0.1").PublishAsync([InFlight.Of()], CancellationToken.None));

        Assert.Contains("no answer within 0.1 s", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_that_fails_is_an_error_after_its_retries() =>
        await Assert.ThrowsAsync<PublisherException>(() => Publisher("http://127.0.0.1:1/?max_retries=1").PublishAsync([InFlight.Of()], CancellationToken.None));

    [Fact]
    public void A_certificate_that_cannot_be_read_is_an_error() =>
        Assert.Throws<PublisherException>(() => Publisher("https://h/?clientcert=/none.pem&clientkey=/none.key"));

    private static IPublisher Publisher(string url) =>
        new PublisherFactory(SigningSecrets.None, null, TimeProvider.System, "h").Create(PublisherUrl.Read(YamlValue.Parse("f", $"'{url}'")))!;

    private (string Url, string Type, string? Authorization, string Body) Single() =>
        _requests.Reader.TryRead(out var request) ? request : throw new InvalidOperationException("There was no request.");
}
