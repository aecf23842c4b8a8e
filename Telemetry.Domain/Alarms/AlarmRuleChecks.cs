using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Telemetry.Domain.Alarms;

/// <summary>Checks what a rule means, and limits it to what its owner may see.</summary>
internal static partial class AlarmRuleChecks
{
    /// <summary>The keys of a threshold rule's conditions, as errors list them.</summary>
    private const string ValidKeys = "['message_id', 'meter', 'project', 'resource', 'search_offset', 'source', 'timestamp', 'user']";

    private static readonly string[] Methods = ["mean", "sum", "last", "max", "min", "std", "median", "first", "count"];

    /// <summary>The rule to store.</summary>
    /// <param name="scope">The project that the rule is limited to, null: none.</param>
    /// <exception cref="AlarmRefusedException">The rule makes no sense.</exception>
    public static AlarmRule Check(AlarmRule rule, string? scope, AlarmCaller caller) => rule switch
    {
        ThresholdRule r => Scoped(Checked(r, caller), scope),
        CombinationRule { AlarmIds.Count: < 2 } => throw AlarmRefusedException.Invalid("Alarm combination rule should contain at least two different alarm ids."),
        EventRule r => Checked(r),
        GnocchiSearchRule r => Scoped(Checked(r), scope) with { ScopeToProject = scope },
        GnocchiRule r => Checked(r) with { ScopeToProject = scope },
        PrometheusRule r => r with { ScopeToProject = scope },
        CompositeRule r => new CompositeRule(Check(r.Root, scope, caller)),
        _ => rule,
    };

    /// <summary>Whether a method is one of mean, sum … 99pct, or <c>rate:</c> and one of them.</summary>
    public static bool IsMethod(string method)
    {
        var plain = method.StartsWith("rate:", StringComparison.Ordinal) ? method["rate:".Length..] : method;
        return Methods.Contains(plain) || Percentile(plain) is not null;
    }

    /// <summary>1 to 99 for <c>1pct</c> to <c>99pct</c>, else null.</summary>
    public static int? Percentile(string method) =>
        method.EndsWith("pct", StringComparison.Ordinal) && int.TryParse(method.AsSpan(0, method.Length - 3), NumberStyles.None, CultureInfo.InvariantCulture, out var n)
        && n is >= 1 and <= 99 && method[0] != '0' ? n : null;

    private static CompositeNode Check(CompositeNode node, string? scope, AlarmCaller caller) => node switch
    {
        // Conditions of a project are added to a threshold leaf when it is evaluated: the rule is stored as it was sent.
        CompositeNode.Leaf { Rule: ThresholdRule r } => new CompositeNode.Leaf(Checked(r, caller)),
        CompositeNode.Leaf leaf => new CompositeNode.Leaf((LeafRule)Check(leaf.Rule, scope, caller)),
        CompositeNode.Group group => group with { Parts = group.Parts.Select(p => Check(p, scope, caller)).ToList() },
        _ => node,
    };

    private static ThresholdRule Checked(ThresholdRule rule, AlarmCaller caller)
    {
        foreach (var item in rule.Query)
        {
            if (item.Field is "project" or "project_id" && caller.LimitedToProject is { } own && item.Value != own)
                throw AlarmRefusedException.NotAuthorized("project", item.Value);
        }
        foreach (var item in rule.Query)
        {
            if (item.Field is "timestamp" or "search_offset")
                throw AlarmRefusedException.Invalid($"Unknown argument: \"{item.Field}\": not valid for this resource");
        }
        foreach (var item in rule.Query)
        {
            var isMetadata = SampleCondition.MetadataPath(item.Field) is not null;
            if (!isMetadata && SampleCondition.FieldOf(item.Field) is null)
            {
                var query = string.Join(", ", rule.Query.Select(q =>
                    $"<Query {PythonText.Quote(q.Field)} {q.Op} {PythonText.Quote(q.Value)} {q.ValueType ?? "Unset"}>"));
                throw AlarmRefusedException.Invalid($"Unknown argument: \"{item.Field}\": unrecognized field in query: [{query}], valid keys: {ValidKeys}");
            }
            if (item.Op != "eq")
                throw AlarmRefusedException.InvalidInput("op", item.Op, $"unimplemented operator for {item.Field}");
            if (item.ValueType is { Length: > 0 } type && !ConditionValue.IsType(type))
                throw AlarmRefusedException.Invalid($"The data type {type} is not supported. The supported data type list is: {ConditionValue.TypeList}");
            if (isMetadata && ConditionValue.Convert(item.Value, item.ValueType) is null)
                throw Unconvertible(item);
        }
        return rule;
    }

    private static ThresholdRule Scoped(ThresholdRule rule, string? scope) => scope is null || rule.Query.Any(q => q.Field is "project" or "project_id" && q.Value == scope)
        ? rule
        : rule with { Query = [.. rule.Query, new QueryItem("project_id", "eq", scope)] };

    private static EventRule Checked(EventRule rule)
    {
        foreach (var item in rule.Query)
        {
            if (!TraitField().IsMatch(item.Field))
                throw BadTrait(item, $"field '{item.Field}'");
            if (AlarmNames.Comparison(item.Op) is null)
                throw BadTrait(item, $"operator '{item.Op}'");
            if (item.ValueType is { Length: > 0 } type && !ConditionValue.IsType(type))
                throw BadTrait(item, $"type '{type}'");
            if (ConditionValue.Convert(item.Value, item.ValueType is { Length: > 0 } given ? given : "string") is null)
                throw Unconvertible(item);
        }
        return rule;
    }

    private static T Checked<T>(T rule) where T : GnocchiRule => IsMethod(rule.AggregationMethod)
        ? rule
        : throw AlarmRefusedException.Invalid(
            $"aggregation_method should be in [{string.Join(", ", Methods.Concat(["1pct … 99pct"]).Select(m => $"'{m}'"))}] not {rule.AggregationMethod}");

    private static GnocchiSearchRule Scoped(GnocchiSearchRule rule, string? scope)
    {
        JsonElement query;
        try
        {
            query = JsonDocument.Parse(rule.Query, new JsonDocumentOptions { MaxDepth = 32 }).RootElement;
        }
        catch (JsonException)
        {
            throw AlarmRefusedException.InvalidInput("rule/query", rule.Query, "");
        }
        ResourceSearch.Check(query);
        if (scope is null)
            return rule;
        var owner = $"{{\"=\": {{\"created_by_project_id\": {PythonJson.Format(JsonSerializer.Serialize(scope))}}}}}";
        // What a client read and puts back is wrapped already.
        if (rule.Query.StartsWith($"{{\"and\": [{owner}, ", StringComparison.Ordinal))
            return rule;
        return rule with { Query = $"{{\"and\": [{owner}, {PythonJson.Format(rule.Query)}]}}" };
    }

    private static AlarmRefusedException BadTrait(QueryItem item, string what) =>
        AlarmRefusedException.Invalid($"Query value or traits invalid: {what} of the condition on '{item.Field}' is not supported");

    private static AlarmRefusedException Unconvertible(QueryItem item) =>
        AlarmRefusedException.Invalid($"Unable to convert the value {item.Value} to the expected data type {item.ValueType}.");

    [GeneratedRegex("^[a-zA-Z.',0-9_-]*$", RegexOptions.CultureInvariant)]
    private static partial Regex TraitField();
}
