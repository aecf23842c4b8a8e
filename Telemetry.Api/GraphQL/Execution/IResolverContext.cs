using Telemetry.Api.GraphQL.Types;

namespace Telemetry.Api.GraphQL.Execution;

/// <summary>What a resolver knows of its field and request.</summary>
internal interface IResolverContext
{
    Types.Schema Schema { get; }

    ObjectType ObjectType { get; }

    ISelection Selection { get; }

    /// <summary>The request's services.</summary>
    IServiceProvider Services { get; }

    /// <summary>Cancelled when the client leaves, the time is up, or nothing of the answer can be given any more.</summary>
    CancellationToken RequestAborted { get; }

    /// <summary>The request's own state, such as its caller; the names are the application's.</summary>
    IDictionary<string, object?> ContextData { get; }

    Path Path { get; }

    /// <summary>The object that the field is of.</summary>
    T Parent<T>();

    /// <summary>An argument, coerced; its default where it was not given.</summary>
    /// <exception cref="GraphQLException">The field has no such argument, or the value is of another type.</exception>
    T ArgumentValue<T>(string name);

    T Service<T>() where T : notnull;

    /// <summary>The request's one loader of a type.</summary>
    T DataLoader<T>() where T : IDataLoader;

    /// <summary>The event of a subscription.</summary>
    T GetEventMessage<T>();

    /// <summary>Whether a field is selected below this one, whatever the object's type.</summary>
    bool IsSelected(string fieldName);

    /// <summary>The selections below this one, or below one of those, for objects of a type.</summary>
    IReadOnlyList<ISelection> GetSelections(ObjectType type, ISelection? selection = null);

    /// <summary>The arguments of a selection below this one, by name.</summary>
    IReadOnlyDictionary<string, object?> GetArguments(ISelection selection);

    /// <summary>An error beside a value: the field keeps what it returns.</summary>
    void ReportError(IError error);
}

/// <summary>A field of an operation, merged from all places that select it.</summary>
internal interface ISelection
{
    string ResponseName { get; }

    OutputField Field { get; }
}
