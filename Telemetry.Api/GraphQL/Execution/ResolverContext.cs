using Telemetry.Api.GraphQL.Types;

namespace Telemetry.Api.GraphQL.Execution;

/// <param name="arguments">In the order of the field's arguments.</param>
internal sealed class ResolverContext(
    OperationExecution execution, ObjectResult node, int index, Selection selection, object source, object?[] arguments) : IResolverContext
{
    public Types.Schema Schema => execution.Operation.Schema;
    public ObjectType ObjectType => node.Type;
    public ISelection Selection => selection;
    public IServiceProvider Services => execution.Request.Services;
    public CancellationToken RequestAborted => execution.RequestAborted;
    public IDictionary<string, object?> ContextData => execution.Request.ContextData;
    public Path Path => node.PathTo(index);

    /// <summary>The parent, whatever its type.</summary>
    public object Source => source;

    public object?[] Arguments => arguments;

    public T Parent<T>() => source is T parent ? parent : throw new GraphQLException($"The parent of {selection.Field.Name} is no {typeof(T).Name}.");

    public T ArgumentValue<T>(string name)
    {
        var position = selection.Field.Arguments.IndexOf(name);
        if (position < 0)
            throw new GraphQLException($"{selection.Field.Name} has no argument \"{name}\".");
        return arguments[position] switch
        {
            T value => value,
            null when default(T) is null => default!,
            _ => throw new GraphQLException($"The argument \"{name}\" is no {typeof(T).Name}."),
        };
    }

    public T Service<T>() where T : notnull => Services.GetRequiredService<T>();

    public T DataLoader<T>() where T : IDataLoader => execution.DataLoader<T>();

    public T GetEventMessage<T>() => source switch
    {
        T message => message,
        EventMessage { Value: T message } => message,
        _ => throw new GraphQLException($"The event is no {typeof(T).Name}."),
    };

    public bool IsSelected(string fieldName) =>
        selection.Children is not null
        && Schema.PossibleTypes(selection.Field.Type.Named).Any(type => GetSelections(type).Any(s => s.Field.Name == fieldName));

    public IReadOnlyList<ISelection> GetSelections(ObjectType type, ISelection? below = null) =>
        ((Selection?)below ?? selection).Children is { } children ? execution.Operation.GetSelections(children, type) : [];

    public IReadOnlyDictionary<string, object?> GetArguments(ISelection selection)
    {
        var values = execution.ArgumentsOf((Selection)selection);
        return selection.Field.Arguments.Select((a, i) => (a.Name, Value: values[i])).ToDictionary(p => p.Name, p => p.Value);
    }

    public void ReportError(IError error) => execution.ReportError(Error.From(error) with { Path = error.Path ?? Path });
}

/// <summary>The parent of a subscription's root field: one event.</summary>
internal sealed record EventMessage(object? Value);
