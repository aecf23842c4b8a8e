namespace Telemetry.Api.V2.Calls;

/// <summary>How an argument is written.</summary>
internal enum ArgumentKind
{
    Integer,
    Text,

    /// <summary><c>name=a&amp;name=b</c></summary>
    TextList,

    /// <summary>Objects whose attributes are parameters of their own, matched up by position: <c>q.field=a&amp;q.value=b&amp;q.field=c&amp;q.value=d</c>.</summary>
    Groups,
}

/// <summary>An argument that a call takes: in its query string, or as a key of the JSON object that is its body.</summary>
/// <param name="Description">For the OpenAPI document.</param>
internal sealed record Argument(string Name, ArgumentKind Kind, string Description)
{
    /// <summary>The attributes of <see cref="ArgumentKind.Groups"/>.</summary>
    public IReadOnlyList<string> Attributes { get; init; } = [];

    /// <summary>Those attributes that an object in a JSON body must have.</summary>
    public IReadOnlyList<string> Mandatory { get; init; } = [];

    public static readonly Argument Query = new("q", ArgumentKind.Groups,
        "Conditions that must all hold: field and value, op (eq unless given) and the type of a metadata value. The n-th of each belong together.")
    {
        Attributes = ["field", "op", "value", "type"],
        Mandatory = ["field", "value"],
    };

    public static readonly Argument Limit = new("limit", ArgumentKind.Integer, "How many rows at most; at least 1. Default: the server's (100).");

    public static readonly Argument Sort = new("sort", ArgumentKind.TextList, "KEY or KEY:asc or KEY:desc; repeated for further keys. Default: newest first.");

    public static readonly Argument Marker = new("marker", ArgumentKind.Text, "The id of the last item of the page before.");

    public static readonly Argument PageLimit = new("limit", ArgumentKind.Integer, "How many items at most; 0 and absent: all.");

    public static readonly Argument ProjectId = new("project_id", ArgumentKind.Text, "The project; the caller's own unless given.");

    public static readonly Argument AllProjects = new("all_projects", ArgumentKind.Text, "True: those of all projects; for admins.");

    public static readonly Argument IncludeDeleted = new("include_deleted", ArgumentKind.Text, "True: also of an alarm that is deleted; for admins.");

    public static readonly Argument Unique = new("unique", ArgumentKind.Text, "True: each meter once, whatever resources have it.");

    public static readonly Argument MeterLinks = new("meter_links", ArgumentKind.Integer, "0: without links to the resource's meters. Default: 1.");

    public static readonly Argument GroupBy = new("groupby", ArgumentKind.TextList,
        "Fields to group by: user_id, project_id, resource_id, source, or resource_metadata.KEY of any key.");

    public static readonly Argument Period = new("period", ArgumentKind.Integer, "The length of a bucket in seconds; 0 or absent: one row over everything.");

    public static readonly Argument Aggregate = new("aggregate", ArgumentKind.Groups,
        "What to compute: max, min, sum, avg, count, stddev, cardinality (param: user_id, project_id or resource_id), median, pNN, first, last, rate. Default: the first five.")
    {
        Attributes = ["func", "param"],
        Mandatory = ["func"],
    };
}

/// <summary>The arguments that an endpoint takes: what its caller may send, what it reads, and what the OpenAPI document says of it.</summary>
internal sealed record TakesArguments(IReadOnlyList<Argument> Arguments);
