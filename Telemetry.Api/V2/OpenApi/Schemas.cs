using Microsoft.OpenApi;
using Telemetry.Domain.Alarms;

namespace Telemetry.Api.V2.OpenApi;

/// <summary>The shapes of bodies, by the names that Ceilometer's documentation gives them.</summary>
internal static class Schemas
{
    private static OpenApiSchema Text => new() { Type = JsonSchemaType.String };
    private static OpenApiSchema TextOrNull => new() { Type = JsonSchemaType.String | JsonSchemaType.Null };
    private static OpenApiSchema Float => new() { Type = JsonSchemaType.Number };
    private static OpenApiSchema FloatOrNull => new() { Type = JsonSchemaType.Number | JsonSchemaType.Null };
    private static OpenApiSchema Integer => new() { Type = JsonSchemaType.Integer };
    private static OpenApiSchema Boolean => new() { Type = JsonSchemaType.Boolean };
    private static OpenApiSchema Texts => new() { Type = JsonSchemaType.Object, AdditionalProperties = Text };
    private static OpenApiSchema SampleType => new() { Type = JsonSchemaType.String, Enum = ["gauge", "delta", "cumulative"] };

    private static OpenApiSchema Timestamp => new()
    {
        Type = JsonSchemaType.String,
        Description = "UTC without a zone: YYYY-MM-DDTHH:MM:SS, with six digits of fraction unless they are zero.",
    };

    private static OpenApiSchema TimestampOrNull => new() { Type = JsonSchemaType.String | JsonSchemaType.Null, Description = Timestamp.Description };

    /// <summary>All of them.</summary>
    public static IEnumerable<KeyValuePair<string, OpenApiSchema>> All(OpenApiDocument document)
    {
        yield return new("Versions", Object(("versions", Object(("values", List(Object(
            ("id", Text), ("status", Text), ("updated", Text), ("links", List(new OpenApiSchemaReference("Link", document))),
            ("media-types", List(Object(("base", Text), ("type", Text)))))))))));
        yield return new("Capabilities", Object(
            ("api", new OpenApiSchema { Type = JsonSchemaType.Object, AdditionalProperties = Boolean }),
            ("storage", Object(("storage:production_ready", Boolean)))));
        yield return new("Link", Object(("href", Text), ("rel", Text)));
        yield return new("Meter", Object(
            ("name", Text), ("type", SampleType), ("unit", TextOrNull), ("resource_id", TextOrNull), ("project_id", TextOrNull),
            ("user_id", TextOrNull), ("source", TextOrNull), ("meter_id", Text)));
        yield return new("OldSample", OldSample());
        yield return new("Sample", Object(
            ("id", Text), ("meter", Text), ("type", SampleType), ("unit", TextOrNull), ("volume", Float), ("resource_id", Text),
            ("user_id", TextOrNull), ("project_id", TextOrNull), ("source", Text), ("timestamp", Timestamp), ("recorded_at", Timestamp), ("metadata", Texts)));
        yield return new("PublishedSample", Object(
            ("name", Text), ("type", SampleType), ("unit", TextOrNull), ("volume", Float), ("resource_id", Text), ("user_id", TextOrNull), ("project_id", TextOrNull),
            ("source", TextOrNull), ("timestamp", Timestamp), ("resource_metadata", new OpenApiSchema { Type = JsonSchemaType.Object }), ("id", TextOrNull),
            ("monotonic_time", FloatOrNull)));
        yield return new("Resource", Object(
            ("resource_id", Text), ("project_id", TextOrNull), ("user_id", TextOrNull), ("first_sample_timestamp", Timestamp),
            ("last_sample_timestamp", Timestamp), ("metadata", Texts), ("links", List(new OpenApiSchemaReference("Link", document))), ("source", Text)));
        yield return new("Statistics", Statistics());
        yield return new("ComplexQuery", ComplexQuery());
        var traitType = new OpenApiSchema { Type = JsonSchemaType.String, Enum = ["string", "integer", "float", "datetime"] };
        yield return new("Event", Object(
            ("message_id", Text), ("event_type", Text), ("generated", Timestamp), ("traits", List(new OpenApiSchemaReference("Trait", document))),
            ("raw", new OpenApiSchema { Type = JsonSchemaType.Object, Description = "The notification that the event was made of, where it was asked for." })));
        yield return new("Trait", Object(("name", Text), ("type", traitType), ("value", Text)));
        yield return new("TraitDescription", Object(("name", Text), ("type", traitType)));
        yield return new("EventType", Text);
        yield return new("Alarm", Alarm());
        yield return new("AlarmState", new OpenApiSchema { Type = JsonSchemaType.String, Enum = [.. AlarmNames.States] });
        yield return new("AlarmChange", Object(
            ("event_id", Text), ("alarm_id", Text), ("type", new OpenApiSchema { Type = JsonSchemaType.String, Enum = [.. AlarmHistory.Types] }),
            ("detail", new OpenApiSchema { Type = JsonSchemaType.String, Description = "JSON: what changed." }), ("user_id", TextOrNull),
            ("project_id", TextOrNull), ("on_behalf_of", TextOrNull), ("timestamp", Timestamp)));
        yield return new("AlarmDelivery", Object(
            ("cause", Text), ("action", Text), ("state", Text), ("outcome", new OpenApiSchema { Type = JsonSchemaType.String, Enum = ["delivered", "failed", "refused"] }),
            ("detail", Text), ("attempts", Integer), ("sent_at", Timestamp), ("took_ms", Integer)));
        yield return new("Quotas", Object(("project_id", Text), ("quotas", List(Object(("resource", Text), ("limit", Integer))))));
        yield return new("AlarmMetrics", Object(("evaluation_results", List(Object(
            ("alarm_id", Text), ("project_id", TextOrNull), ("state_counters", new OpenApiSchema { Type = JsonSchemaType.Object, AdditionalProperties = Integer }))))));
        yield return new("Error", Object(("error_message", new OpenApiSchema
        {
            OneOf = [Object(("faultcode", new OpenApiSchema { Type = JsonSchemaType.String, Enum = ["Client", "Server"] }), ("faultstring", Text), ("debuginfo", new OpenApiSchema { Type = JsonSchemaType.Null })), Text],
        })));
    }

    private static OpenApiSchema OldSample()
    {
        var schema = Object(
            ("counter_name", Text), ("counter_type", SampleType), ("counter_unit", TextOrNull), ("counter_volume", Float), ("resource_id", Text),
            ("user_id", TextOrNull), ("project_id", TextOrNull), ("source", Text), ("timestamp", Timestamp), ("recorded_at", Timestamp),
            ("resource_metadata", Texts), ("message_id", Text));
        schema.Required!.Clear();
        schema.Required.UnionWith(["counter_name", "counter_type", "counter_unit", "counter_volume", "resource_id"]);
        return schema;
    }

    private static OpenApiSchema Statistics()
    {
        var schema = Object(
            ("count", Integer), ("min", Float), ("max", Float), ("avg", FloatOrNull), ("sum", FloatOrNull), ("unit", TextOrNull),
            ("groupby", new OpenApiSchema { Type = JsonSchemaType.Object | JsonSchemaType.Null, AdditionalProperties = TextOrNull }),
            ("aggregate", new OpenApiSchema { Type = JsonSchemaType.Object, AdditionalProperties = FloatOrNull }),
            ("duration", FloatOrNull), ("duration_start", TimestampOrNull), ("duration_end", TimestampOrNull),
            ("period", Integer), ("period_start", Timestamp), ("period_end", Timestamp));
        schema.Required!.ExceptWith(["count", "min", "max", "avg", "sum", "aggregate"]); // which of these are there follows from the argument aggregate
        return schema;
    }

    private static OpenApiSchema Alarm()
    {
        var boolean = new OpenApiSchema { Type = JsonSchemaType.Boolean | JsonSchemaType.Null };
        var actions = new OpenApiSchema { Type = JsonSchemaType.Array | JsonSchemaType.Null, Items = Text };
        var schema = Object(
            [
                ("alarm_id", Text), ("name", TextOrNull), ("description", TextOrNull),
                ("type", new OpenApiSchema { Type = JsonSchemaType.String, Enum = [.. AlarmRules.Types] }), ("enabled", boolean),
                ("state", new OpenApiSchema { Type = JsonSchemaType.String, Enum = [.. AlarmNames.States] }), ("state_timestamp", Timestamp), ("state_reason", Text),
                ("severity", new OpenApiSchema { Type = JsonSchemaType.String, Enum = [.. AlarmNames.Severities] }), ("ok_actions", actions), ("alarm_actions", actions),
                ("insufficient_data_actions", actions), ("repeat_actions", boolean),
                ("time_constraints", List(Object(("name", TextOrNull), ("description", TextOrNull), ("start", Text), ("duration", Integer), ("timezone", Text)))),
                ("timestamp", Timestamp), ("evaluate_timestamp", Timestamp), ("user_id", TextOrNull), ("project_id", TextOrNull),
                .. AlarmRules.Types.Select(t => ($"{t}_rule", (IOpenApiSchema)new OpenApiSchema { Type = JsonSchemaType.Object, Description = $"The rule of type {t}." })),
            ]);
        schema.Required!.Clear();
        schema.Required.UnionWith(["name", "type"]);
        return schema;
    }

    private static OpenApiSchema ComplexQuery()
    {
        var schema = Object(
            ("filter", new OpenApiSchema { Type = JsonSchemaType.String, Description = """JSON: {"and"|"or": [filter, ...]}, {"not": filter}, {"="|"!="|"<"|"<="|">"|">="|"=~": {"field": value}} or {"in": {"field": [value, ...]}}.""" }),
            ("orderby", new OpenApiSchema { Type = JsonSchemaType.String, Description = """JSON: [{"field": "asc"|"desc"}, ...]. Default: newest timestamp first.""" }),
            ("limit", Integer));
        schema.Required!.Clear();
        schema.AdditionalPropertiesAllowed = false;
        return schema;
    }

    private static OpenApiSchema List(IOpenApiSchema items) => new() { Type = JsonSchemaType.Array, Items = items };

    private static OpenApiSchema Object(params (string Name, IOpenApiSchema Schema)[] properties) => new()
    {
        Type = JsonSchemaType.Object,
        Properties = properties.ToDictionary(p => p.Name, p => p.Schema),
        Required = properties.Select(p => p.Name).ToHashSet(),
    };
}
