using System.Text.Json;
using Telemetry.Api.V2.Calls;
using Telemetry.Api.V2.Json;

namespace Telemetry.Api.V2;

/// <summary>What an area of the API can do.</summary>
/// <param name="Api">Names such as <c>meters:query:simple</c>.</param>
/// <param name="Storage">The section that tells of the area's store, such as <c>storage</c>.</param>
internal sealed record Capabilities(string Storage, IReadOnlyList<string> Api)
{
    public static readonly Capabilities Metering = new("storage",
    [
        "meters:query:simple", "meters:query:metadata",
        "resources:query:simple", "resources:query:metadata",
        "samples:query:simple", "samples:query:metadata", "samples:query:complex",
        "statistics:groupby", "statistics:query:simple", "statistics:query:metadata",
        "statistics:aggregation:standard",
        "statistics:aggregation:selectable:max", "statistics:aggregation:selectable:min", "statistics:aggregation:selectable:sum",
        "statistics:aggregation:selectable:avg", "statistics:aggregation:selectable:count", "statistics:aggregation:selectable:stddev",
        "statistics:aggregation:selectable:cardinality",
    ]);

    public static readonly Capabilities Events = new("event_storage", ["events:query:simple"]);

    public static readonly Capabilities Alarms = new("alarm_storage",
        ["alarms:query:simple", "alarms:query:complex", "alarms:history:query:simple", "alarms:history:query:complex"]);
}

/// <summary><c>GET /v2/capabilities</c>. An area adds itself to the services when it is there.</summary>
internal static class CapabilityEndpoints
{
    public static void MapCapabilities(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/v2/capabilities", (Delegate)GetAsync)
            .Takes().Answers("Capabilities").WithTags("Capabilities").WithName("capabilities").WithSummary("What the API can do.");

    private static async Task GetAsync(HttpContext context)
    {
        await Arguments.ReadAsync(context);
        Capabilities[] areas = [Capabilities.Metering, .. context.RequestServices.GetServices<Capabilities>()];
        await JsonAnswer.WriteAsync(context, areas, Write);
    }

    private static void Write(Utf8JsonWriter json, Capabilities[] areas)
    {
        json.WriteStartObject();
        json.WriteStartObject("api");
        foreach (var name in areas.SelectMany(a => a.Api))
            json.WriteBoolean(name, true);
        json.WriteEndObject();
        foreach (var area in areas)
        {
            json.WriteStartObject(area.Storage);
            json.WriteBoolean("storage:production_ready", true);
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }
}
