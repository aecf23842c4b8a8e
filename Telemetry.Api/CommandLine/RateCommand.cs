using System.CommandLine;
using System.Text;
using System.Text.Json;
using Telemetry.Api.V2;
using Telemetry.Api.V2.Queries;
using Telemetry.Api.V2.Ratings;
using Telemetry.Projections.Audit;
using Telemetry.Projections.Rating;

namespace Telemetry.Api.CommandLine;

/// <summary><c>telemetry rate</c>: replays a project's month and prices it by a tariff.</summary>
internal static class RateCommand
{
    public static Command Create()
    {
        var project = new Option<string>("--project") { Description = "Whose samples.", Required = true };
        var month = new Option<string>("--month") { Description = "Such as 2026-10.", Required = true };
        var tariff = new Option<FileInfo>("--tariff") { Description = "The tariff, a YAML file.", Required = true };
        var diff = new Option<FileInfo?>("--diff") { Description = "Another tariff: shows what it changes." };
        var asOf = new Option<string?>("--as-of") { Description = "A position or an instant: only what was recorded until then counts." };
        var format = new Option<RatingFormat>("--format") { Description = "table (the default), csv or json.", DefaultValueFactory = _ => RatingFormat.Table };
        var server = ServerOption.Create("The server to ask where one is running.");
        var command = new Command("rate", "Replays a project's month out of the log and prices it. The same samples and tariff always give the same bytes.")
        {
            project, month, tariff, diff, asOf, format, server,
        };
        var stores = new StoreOptions(command);
        command.SetAction(async (parsed, ct) =>
        {
            try
            {
                var asked = new Asked(
                    parsed.GetValue(project)!, parsed.GetValue(month)!, await File.ReadAllTextAsync(parsed.GetValue(tariff)!.FullName, ct),
                    parsed.GetValue(diff) is { } other ? await File.ReadAllTextAsync(other.FullName, ct) : null, parsed.GetValue(asOf), parsed.GetValue(format));
                return await DataCommand.RunAsync(
                    stores.Read(parsed), parsed.GetValue(server)!, services => RateHereAsync(services, asked, ct), client => RateThereAsync(client, asked, ct));
            }
            catch (Exception e) when (e is ApiException or TariffException or AuditException or IOException or UnauthorizedAccessException)
            {
                return TelemetryCommand.Fail(e.Message, TelemetryCommand.UsageError);
            }
        });
        return command;
    }

    private static async Task<int> RateHereAsync(IServiceProvider services, Asked asked, CancellationToken ct)
    {
        DataCommand.LoadTree(services);
        var (position, time) = asked.AsOf is null ? default : AsOfArgument.Parse(asked.AsOf);
        var request = new RatingRequest(asked.Project, RatingEndpoints.MonthOf(asked.Month), Read(asked.Tariff), position, time);
        var rater = new Rater(services.GetRequiredService<Domain.Streams.IEventStore>());
        var output = await ProgressBars.ShowAsync("Rating", async report =>
        {
            var progress = new Reporter<RatingProgress>(p => report($"{p.Samples} samples", 0, null));
            var rating = await rater.RateAsync(request, progress, ct);
            if (asked.Diff is not null)
                return RatingWriter.Write(RatingDiff.Between(rating, await rater.RateAsync(request with { Tariff = Read(asked.Diff) }, progress, ct)), asked.Format);
            string? covering = null;
            if (asked.Format == RatingFormat.Json)
            {
                await DataCommand.CatchUpAsync(services, ct);
                covering = services.GetRequiredService<AuditLog>().Covering(rating.Position)?.ToString();
            }
            return RatingWriter.Write(rating, asked.Format, covering);
        });
        await WriteAsync(output, ct);
        return 0;
    }

    private static async Task<int> RateThereAsync(HttpClient client, Asked asked, CancellationToken ct)
    {
        using var started = await client.PostAsJsonAsync("v2/ratings", new { project_id = asked.Project, month = asked.Month, tariff = asked.Tariff, diff = asked.Diff, as_of = asked.AsOf }, ct);
        if (!started.IsSuccessStatusCode)
            return await DataCommand.FailAsync(started, ct);
        var id = (await started.Content.ReadFromJsonAsync<JsonElement>(ct)).GetProperty("id").GetString();
        await ProgressBars.ShowAsync("Rating", async report =>
        {
            for (; ; await Task.Delay(TimeSpan.FromMilliseconds(200), ct))
            {
                var job = await client.GetFromJsonAsync<JsonElement>($"v2/ratings/{id}", ct);
                report($"{job.GetProperty("samples").GetInt64()} samples", 0, null);
                if (job.GetProperty("state").GetString() is "done" or "failed")
                    return job;
            }
        });
        using var result = await client.GetAsync($"v2/ratings/{id}/result?format={asked.Format.ToString().ToLowerInvariant()}", ct);
        if (!result.IsSuccessStatusCode)
            return await DataCommand.FailAsync(result, ct);
        await WriteAsync(await result.Content.ReadAsByteArrayAsync(ct), ct);
        return 0;
    }

    private static Tariff Read(string yaml) => TariffReader.Read(Encoding.UTF8.GetBytes(yaml));

    private static async Task WriteAsync(byte[] bytes, CancellationToken ct)
    {
        await using var output = Console.OpenStandardOutput();
        await output.WriteAsync(bytes, ct);
    }

    private sealed record Asked(string Project, string Month, string Tariff, string? Diff, string? AsOf, RatingFormat Format);
}
