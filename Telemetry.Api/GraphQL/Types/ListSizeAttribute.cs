namespace Telemetry.Api.GraphQL.Types;

/// <summary>How many items a field's list can have, for the cost. Source: the IBM draft «GraphQL Cost Directive Specification».</summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Property)]
internal class ListSizeAttribute : Attribute
{
    /// <summary>Items where no argument says.</summary>
    public int AssumedSize { get; set; } = 50;

    /// <summary>Arguments that say how many items are asked for; the greatest counts.</summary>
    public string[] SlicingArguments { get; set; } = [];

    /// <summary>Whether one of <see cref="SlicingArguments"/> has to be given.</summary>
    public bool RequireOneSlicingArgument { get; set; }

    /// <summary>Fields below that hold the items, where the field itself does not; as a connection's <c>nodes</c>.</summary>
    public string[] SizedFields { get; set; } = [];

    /// <summary>Items at most, by the arguments; an override may reckon from all of them.</summary>
    /// <param name="arguments">By name; without those that are variables yet unknown.</param>
    public virtual double GetSize(IReadOnlyDictionary<string, object?> arguments)
    {
        var sizes = SlicingArguments.Select(a => arguments.GetValueOrDefault(a)).OfType<int>().ToArray();
        return sizes.Length > 0 ? Math.Max(0, sizes.Max()) : AssumedSize;
    }
}
