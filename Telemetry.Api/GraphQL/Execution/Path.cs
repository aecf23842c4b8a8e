namespace Telemetry.Api.GraphQL.Execution;

/// <summary>Where in a response: names of fields and indices of lists, from the root.</summary>
internal sealed class Path(IReadOnlyList<object> segments)
{
    /// <summary>Each a <see cref="string"/> or an <see cref="int"/>.</summary>
    public IReadOnlyList<object> Segments { get; } = segments;

    /// <summary>As <c>/alarms/nodes[3]/name</c>.</summary>
    public override string ToString() => string.Concat(Segments.Select(s => s is int i ? $"[{i}]" : $"/{s}"));
}
