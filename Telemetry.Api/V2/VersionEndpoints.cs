using System.Text.Json;
using Telemetry.Api.V2.Calls;
using Telemetry.Api.V2.Json;

namespace Telemetry.Api.V2;

/// <summary><c>GET /</c>: which versions there are and where.</summary>
internal static class VersionEndpoints
{
    public static void MapVersions(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/", (Delegate)GetAsync)
            .Answers("Versions").WithTags("Versions").WithName("versions").WithSummary("The versions of the API.");

    private static Task GetAsync(HttpContext context) => JsonAnswer.WriteAsync(context, Links.Base(context.Request), Write);

    private static void Write(Utf8JsonWriter json, string @base)
    {
        json.WriteStartObject();
        json.WriteStartObject("versions");
        json.WriteStartArray("values");
        json.WriteStartObject();
        json.WriteString("id", "v2");
        json.WriteString("status", "stable");
        json.WriteString("updated", "2013-02-13T00:00:00Z");
        json.WriteStartArray("links");
        json.WriteStartObject();
        json.WriteString("href", $"{@base}/v2");
        json.WriteString("rel", "self");
        json.WriteEndObject();
        json.WriteStartObject();
        json.WriteString("href", "http://docs.openstack.org/");
        json.WriteString("rel", "describedby");
        json.WriteString("type", "text/html");
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteStartArray("media-types");
        foreach (var format in (ReadOnlySpan<string>)["json", "xml"])
        {
            json.WriteStartObject();
            json.WriteString("base", $"application/{format}");
            json.WriteString("type", $"application/vnd.openstack.telemetry-v2+{format}");
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
