using System.Text.Json;
using System.Text.Json.Serialization;
using Telemetry.Api.V2.Calls;
using Telemetry.Api.V2.Streams;
using Telemetry.Domain.Streams;
using Telemetry.Projections.Audit;

namespace Telemetry.Api.V2.Audit;

/// <summary><c>POST /v2/audit/verification</c> (admins): walks the log while the server runs.</summary>
internal static class VerificationEndpoints
{
    private static readonly JsonSerializerOptions Lines = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter() } };

    public static void MapVerification(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/v2/audit/verification", VerifyAsync).Takes().WithTags("Audit").WithName("verify").WithSummary("Walks the log and compares it with its tree and checkpoints (admins).");

    /// <summary>Answers at once, with a line of JSON now and then: {"position", "head", "samples"}; the last is {"report"} or {"error"}.</summary>
    private static async Task VerifyAsync(HttpContext context, AuditLog audit, IEventStore log, TimeProvider time, CancellationToken ct)
    {
        context.DemandUnlimited();
        context.Response.ContentType = StreamEndpoints.Ndjson;
        var latest = new Latest();
        var verifying = Task.Run(() => new LogVerifier(log, audit.Tree, audit.Checkpoints(), audit.Verifier).VerifyAsync(latest, ct), ct);
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

    private sealed class Latest : IProgress<AuditProgress>
    {
        public AuditProgress Value { get; private set; }

        public void Report(AuditProgress value) => Value = value;
    }
}

/// <summary>A report as JSON has it.</summary>
internal sealed record AuditReportView(
    long Events, long Leaves, long Samples, long Unverified, string Root, int Checkpoints, long Signatures, IReadOnlyList<AuditFaultView> Faults)
{
    public static AuditReportView Of(AuditReport report) => new(
        report.Events, report.Leaves, report.Samples, report.Unverified, report.Root, report.Checkpoints, report.Signatures,
        [.. report.Faults.Select(f => new AuditFaultView(f.Kind.ToString(), f.Leaf, f.Position, f.Stream?.ToString(), f.Version, f.Message))]);
}

internal sealed record AuditFaultView(string Kind, long? Leaf, long? Position, string? Stream, long? Version, string Message);
