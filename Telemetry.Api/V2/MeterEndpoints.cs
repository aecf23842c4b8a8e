using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Telemetry.Api.Auth;
using Telemetry.Api.V2.Calls;
using Telemetry.Api.V2.Json;
using Telemetry.Api.V2.Queries;
using Telemetry.Domain.Metering;

namespace Telemetry.Api.V2;

/// <summary><c>GET /v2/meters</c>: one row per meter and resource, or per meter.</summary>
internal static class MeterEndpoints
{
    public static void MapMeters(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/v2/meters", ListAsync)
            .Takes(Argument.Query, Argument.Limit, Argument.Unique).Answers("Meter", list: true)
            .WithTags("Meters").WithName("meters").WithSummary("The meters that samples have come in for.");

    private static async Task ListAsync(HttpContext context, IMeteringReader reader, IOptions<ApiOptions> options, CancellationToken ct)
    {
        var arguments = await Arguments.ReadAsync(context);
        var limit = Limits.Of(arguments.Integer(Argument.Limit), options.Value);
        var query = SimpleQuery.Parse(QueryCondition.Of(arguments), QueryFields.Meters, context.Scope());
        var unique = arguments.Text(Argument.Unique) is { } text ? TypedValue.Boolean(text) : query.IsUnique;
        var list = new ListQuery(query.Filter, limit);
        var rows = unique == true ? await reader.MeterDefinitionsAsync(list, ct) : await reader.MetersAsync(list, ct);
        await JsonAnswer.WriteListAsync(context, rows, Write);
    }

    private static void Write(Utf8JsonWriter json, MeterRow row)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, row.Name);
        json.WriteString("type"u8, row.Type.Name());
        json.WriteString("unit"u8, row.Unit);
        json.WriteString("resource_id"u8, row.ResourceId);
        json.WriteString("project_id"u8, row.ProjectId);
        json.WriteString("user_id"u8, row.UserId);
        json.WriteString("source"u8, row.Source);
        json.WriteBase64String("meter_id"u8, Encoding.UTF8.GetBytes($"{row.ResourceId ?? "None"}+{row.Name}"));
        json.WriteEndObject();
    }
}
