using System.Text.Json;
using Microsoft.Extensions.Options;
using Telemetry.Api.Auth;
using Telemetry.Api.V2.Calls;
using Telemetry.Api.V2.Json;
using Telemetry.Api.V2.Queries;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;

namespace Telemetry.Api.V2;

/// <summary><c>GET /v2/resources</c> and <c>GET /v2/resources/{id}</c>.</summary>
internal static class ResourceEndpoints
{
    public static void MapResources(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v2/resources", ListAsync)
            .Takes(Argument.Query, Argument.Limit, Argument.MeterLinks).Answers("Resource", list: true)
            .WithTags("Resources").WithName("resources").WithSummary("The resources that samples were measured on.");
        routes.MapGet("/v2/resources/{id}", GetAsync)
            .Takes().Answers("Resource")
            .WithTags("Resources").WithName("resource").WithSummary("One resource; its id is URL-encoded twice where it has slashes.");
    }

    private static async Task ListAsync(HttpContext context, IMeteringReader reader, IOptions<ApiOptions> options, CancellationToken ct)
    {
        var arguments = await Arguments.ReadAsync(context);
        var limit = Limits.Of(arguments.Integer(Argument.Limit), options.Value);
        var withMeters = (arguments.Integer(Argument.MeterLinks) ?? 1) != 0;
        var query = SimpleQuery.Parse(QueryCondition.Of(arguments), QueryFields.Resources, context.Scope());
        var rows = await reader.ResourcesAsync(new ListQuery(query.Predicate, limit), ct);
        await JsonAnswer.WriteListAsync(context, rows, new ResourceJson(Links.Base(context.Request), withMeters).Write);
    }

    private static async Task GetAsync(HttpContext context, IMeteringReader reader, CancellationToken ct)
    {
        await Arguments.ReadAsync(context);
        var id = Uri.UnescapeDataString(PathSegments.Decoded(context, "id", fromEnd: 0));
        var filter = context.Scope().Limit(Predicate.Equal(Field.ResourceId, id));
        var rows = await reader.ResourcesAsync(new ListQuery(filter, Limit: 1), ct);
        if (rows is not [var resource, ..])
            throw ApiException.NotFound("Resource", id);
        await JsonAnswer.WriteAsync(context, resource, new ResourceJson(Links.Base(context.Request), withMeters: true).Write);
    }

    /// <summary>Writes the resources of one answer.</summary>
    private sealed class ResourceJson(string @base, bool withMeters)
    {
        private readonly TimestampText _timestamps = new();
        private readonly MetadataJson _metadata = new();

        public void Write(Utf8JsonWriter json, ResourceRow row)
        {
            json.WriteStartObject();
            json.WriteString("resource_id"u8, row.ResourceId);
            json.WriteString("project_id"u8, row.ProjectId);
            json.WriteString("user_id"u8, row.UserId);
            json.WritePropertyName("first_sample_timestamp"u8);
            _timestamps.Write(json, row.FirstAt);
            json.WritePropertyName("last_sample_timestamp"u8);
            _timestamps.Write(json, row.LastAt);
            json.WritePropertyName("metadata"u8);
            _metadata.Write(json, row.Metadata);
            json.WriteStartArray("links"u8);
            WriteLink(json, Links.Resource(@base, row.ResourceId), "self");
            if (withMeters)
            {
                foreach (var meter in row.Meters)
                    WriteLink(json, Links.MeterOfResource(@base, meter, row.ResourceId), meter);
            }
            json.WriteEndArray();
            json.WriteString("source"u8, row.Source);
            json.WriteEndObject();
        }

        private static void WriteLink(Utf8JsonWriter json, string href, string rel)
        {
            json.WriteStartObject();
            json.WriteString("href"u8, href);
            json.WriteString("rel"u8, rel);
            json.WriteEndObject();
        }
    }
}
