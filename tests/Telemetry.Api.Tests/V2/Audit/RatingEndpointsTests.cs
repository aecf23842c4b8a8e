using System.Text.Json;
using Telemetry.Api.Tests.Support;
using Telemetry.Conformance;
using Telemetry.Domain.Audit;

namespace Telemetry.Api.Tests.V2.Audit;

public sealed class RatingEndpointsTests : IAsyncLifetime
{
    private const string Tariff = "name: t\ncurrency: EUR\nrules: [ { name: net, meter: net, unit: MB, price: 2 } ]";
    private static readonly (string, string) OfP = ("X-Project-Id", "p");
    private AuditHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        _host = await AuditHost.StartAsync();
        await _host.RecordAsync("p", 1.5);
        await _host.RecordAsync("q", 100);
        await _host.RecordAsync("p", 2);
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_month_is_rated_and_carries_the_checkpoint_that_it_is_under()
    {
        await _host.SendAsync("POST", "/v2/audit/checkpoint", null);
        var result = await RateAsync(new { month = "2026-10", tariff = Tariff });

        Assert.Equal("7.00", result.Json.GetProperty("total").GetString());
        Assert.Equal("p", result.Json.GetProperty("project_id").GetString());
        Assert.Contains("\n3\n", result.Json.GetProperty("checkpoint").GetString(), StringComparison.Ordinal);
        Assert.Equal(result.Bytes, (await RateAsync(new { month = "2026-10", tariff = Tariff })).Bytes);
    }

    [Fact]
    public async Task The_same_month_gives_the_same_bytes_after_the_log_has_grown_and_was_cosigned()
    {
        using var witness = new Witness("w.example");
        await _host.DisposeAsync();
        _host = await AuditHost.StartAsync(("Telemetry:Audit:Witnesses:0", witness.VerifierKey));
        await _host.RecordAsync("p", 1.5);
        var before = await RateAsync(new { month = "2026-10", tariff = Tariff });
        var note = SignedNote.Parse(before.Json.GetProperty("checkpoint").GetString()!);
        Assert.Equal(200, (await _host.SendAsync("POST", "/v2/audit/cosignature", note.With(witness.Cosign(note.Text, DateTimeOffset.UnixEpoch)).ToString())).Status);
        await _host.RecordAsync("q", 7);
        await _host.SendAsync("POST", "/v2/audit/checkpoint", null);

        Assert.Equal(before.Text, (await RateAsync(new { month = "2026-10", tariff = Tariff })).Text);
        Assert.Equal(1, Checkpoint.Parse(note.Text).Size);

        await _host.RecordAsync("p", 1.5);
        var late = await RateAsync(new { month = "2026-10", tariff = Tariff });
        Assert.Equal(3, Checkpoint.Parse(SignedNote.Parse(late.Json.GetProperty("checkpoint").GetString()!).Text).Size);
        Assert.Equal(before.Json.GetProperty("lines").GetRawText(), (await RateAsync(new { month = "2026-10", tariff = Tariff, as_of = "2" })).Json.GetProperty("lines").GetRawText());
    }

    [Fact]
    public async Task A_rating_says_how_far_it_is()
    {
        var started = await _host.SendAsync("POST", "/v2/ratings", JsonSerializer.Serialize(new { month = "2026-10", tariff = Tariff }), OfP);
        var path = $"/v2/ratings/{started.Json.GetProperty("id").GetString()}";
        var job = await EndedAsync(path);

        Assert.Equal(("done", 2, 3), (job.Json.GetProperty("state").GetString(), job.Json.GetProperty("samples").GetInt32(), job.Json.GetProperty("position").GetInt32()));
    }

    [Fact]
    public async Task A_result_is_signed_by_the_audit_logs_key()
    {
        var started = await _host.SendAsync("POST", "/v2/ratings", JsonSerializer.Serialize(new { month = "2026-10", tariff = Tariff }), OfP);
        var path = $"/v2/ratings/{started.Json.GetProperty("id").GetString()}";
        await EndedAsync(path);

        var note = SignedNote.Parse((await _host.GetAsync($"{path}/signature?format=csv", OfP)).Text);

        Assert.Single(note.Verify(NoteVerifier.Parse((await _host.GetAsync("/v2/audit/key")).Text)));
        Assert.Equal($"telemetry/rating/v1\nsha256 {Digest.Of((await _host.GetAsync($"{path}/result?format=csv", OfP)).Bytes)}\n", note.Text);
        Assert.Throws<FormatException>(() => Checkpoint.Parse(note.Text));
    }

    [Fact]
    public async Task What_was_known_earlier_is_rated_and_tariffs_are_compared()
    {
        Assert.Equal("3.00", (await RateAsync(new { month = "2026-10", tariff = Tariff, as_of = "1" })).Json.GetProperty("total").GetString());

        var diff = await RateAsync(new { month = "2026-10", tariff = Tariff, diff = Tariff.Replace("2 }", "3 }", StringComparison.Ordinal) });
        Assert.Equal("3.50", diff.Json.GetProperty("change").GetString());
    }

    [Fact]
    public async Task A_limited_caller_rates_its_own_project_and_sees_no_other_rating()
    {
        Assert.Equal(401, (await _host.SendAsync("POST", "/v2/ratings", JsonSerializer.Serialize(new { project_id = "q", month = "2026-10", tariff = Tariff }), OfP)).Status);

        var job = (await _host.SendAsync("POST", "/v2/ratings", JsonSerializer.Serialize(new { project_id = "q", month = "2026-10", tariff = Tariff }))).Json;
        Assert.Equal(404, (await _host.GetAsync($"/v2/ratings/{job.GetProperty("id").GetString()}", OfP)).Status);
    }

    [Theory]
    [InlineData("""{}""", "Missing argument: \\\"month\\\"")]
    [InlineData("""{"month":"2026-13","tariff":""}""", "Value: '2026-13'.")]
    [InlineData("""{"month":"2026-10"}""", "Missing argument: \\\"tariff\\\"")]
    [InlineData("""{"month":"2026-10","tariff":"name: x"}""", "the tariff.currency is missing")]
    [InlineData("""{"month":"2026-10","tariff":"x","as_of":"soon"}""", "Value: 'soon'.")]
    public async Task What_cannot_be_rated_is_refused_by_name_and_value(string body, string problem)
    {
        var answer = await _host.SendAsync("POST", "/v2/ratings", body, OfP);

        Assert.Equal(400, answer.Status);
        Assert.Contains(problem, answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tariff_that_does_not_fit_the_samples_fails_the_rating_with_its_reason()
    {
        var result = await RateAsync(new { month = "2026-10", tariff = Tariff.Replace("price", "quantity: increase, price", StringComparison.Ordinal) });

        Assert.Equal(409, result.Status);
        Assert.Contains("wants the increase of meter 'net', which is of type delta", result.Text, StringComparison.Ordinal);
    }

    private async Task<Answer> RateAsync(object request)
    {
        var started = await _host.SendAsync("POST", "/v2/ratings", JsonSerializer.Serialize(request), OfP);
        Assert.Equal(202, started.Status);
        var path = $"/v2/ratings/{started.Json.GetProperty("id").GetString()}";
        await EndedAsync(path);
        return await _host.GetAsync($"{path}/result", OfP);
    }

    /// <summary>Asks as a client does, until the rating has ended.</summary>
    private async Task<Answer> EndedAsync(string path)
    {
        Answer job = null!;
        await Poll.UntilAsync(async () => (job = await _host.GetAsync(path, OfP)).Json.GetProperty("state").GetString() is not ("waiting" or "running"));
        return job;
    }
}
