using System.Text.Json;
using System.Text.Json.Serialization;
using Telemetry.Api.V2.Calls;
using Telemetry.Api.V2.Streams;
using Telemetry.Domain.Alarms;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Signing;
using Telemetry.Domain.Streams;
using Telemetry.Projections.Audit;

namespace Telemetry.Api.V2.Audit;

/// <summary><c>POST /v2/audit/verification</c> (admins): walks the log while the server runs.</summary>
internal static class VerificationEndpoints
{
    private static readonly JsonSerializerOptions Lines = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter() } };

    private static readonly Argument ReadModels = new("read_models", ArgumentKind.Text, "How many series and alarms are compared with the log: none, spot (a hundred of each at random, the default) or full.");

    public static void MapVerification(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/v2/audit/verification", VerifyAsync).Takes(ReadModels).WithTags("Audit").WithName("verify").WithSummary("Walks the log and compares it with its tree and checkpoints (admins).");

    /// <summary>Answers at once, with a line of JSON now and then: {"position", "head", "samples"}; the last is {"report"} or {"error"}.</summary>
    private static async Task VerifyAsync(HttpContext context, AuditLog audit, IServiceProvider services, TimeProvider time, CancellationToken ct)
    {
        context.DemandUnlimited();
        var scope = Scope(Arguments.OfQueryString(context).Text(ReadModels));
        context.Response.ContentType = StreamEndpoints.Ndjson;
        var latest = new Latest();
        var verifying = Task.Run(() => Verifier(services, audit, scope, services.GetService<IProjectionProgress>()).VerifyAsync(latest, ct), ct);
        while (await Task.WhenAny(verifying, Task.Delay(TimeSpan.FromSeconds(1), time, ct)) != verifying)
            await WriteLineAsync(new { latest.Value.Position, latest.Value.Head, latest.Value.Samples });
        try
        {
            var report = await verifying;
            await WriteLineAsync(new { Report = AuditReportView.Of(report) });
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            await WriteLineAsync(new { Error = e.Message }); // the status is sent; only an operator sees this
        }

        async Task WriteLineAsync<T>(T line)
        {
            await context.Response.BodyWriter.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(line, Lines), ct);
            await context.Response.BodyWriter.WriteAsync("\n"u8.ToArray(), ct);
            await context.Response.BodyWriter.FlushAsync(ct);
        }
    }

    /// <summary>Walks a log with what the services have of it.</summary>
    public static LogVerifier Verifier(IServiceProvider services, AuditLog audit, ReadModelScope scope, IProjectionProgress? progress)
    {
        var secrets = new SigningSecrets(services.GetRequiredService<IConfiguration>().GetSection("Telemetry:Signing:Secrets").Get<string[]>() ?? []);
        return new(
            services.GetRequiredService<IEventStore>(), audit.Tree, audit.Checkpoints(), audit.Verifier,
            new(services.GetRequiredService<IMeteringReader>(), scope, progress, progress is null ? null : services.GetService<IAlarmReader>()), secrets);
    }

    private static ReadModelScope Scope(string? text) => text switch
    {
        null or "spot" => ReadModelScope.Spot,
        "none" => ReadModelScope.None,
        "full" => ReadModelScope.Full,
        _ => throw ApiException.InvalidInput(ReadModels.Name, text, "It is none, spot or full."),
    };

    private sealed class Latest : IProgress<AuditProgress>
    {
        public AuditProgress Value { get; private set; }

        public void Report(AuditProgress value) => Value = value;
    }
}

/// <summary>A report as JSON has it.</summary>
internal sealed record AuditReportView(
    long Events, long Leaves, long Samples, long Unverified, string Root, int Checkpoints, long Signatures,
    long Hmacs, long UnverifiedHmacs, int SeriesCompared, int AlarmsCompared, int StreamsCompared, IReadOnlyList<AuditFaultView> Faults)
{
    public static AuditReportView Of(AuditReport report) => new(
        report.Events, report.Leaves, report.Samples, report.Unverified, report.Root, report.Checkpoints, report.Signatures,
        report.Hmacs, report.UnverifiedHmacs, report.SeriesCompared, report.AlarmsCompared, report.StreamsCompared,
        [.. report.Faults.Select(f => new AuditFaultView(f.Kind.ToString(), f.Leaf, f.Position, f.Stream?.ToString(), f.Version, f.Message))]);
}

internal sealed record AuditFaultView(string Kind, long? Leaf, long? Position, string? Stream, long? Version, string Message);
