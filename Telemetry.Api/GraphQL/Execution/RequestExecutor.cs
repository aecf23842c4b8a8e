using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Telemetry.Api.GraphQL.Language;
using Telemetry.Api.GraphQL.Validation;

namespace Telemetry.Api.GraphQL.Execution;

/// <summary>Carries out requests: document, judgement, variables, cost, execution; each step ends it with its own errors.</summary>
internal sealed class RequestExecutor(
    Types.Schema schema, RequestExecutorOptions options, DataLoaderRegistry loaders, IEnumerable<IErrorFilter> filters, GraphQLMetrics metrics,
    TimeProvider time, ILogger<RequestExecutor> log)
{
    private readonly LruCache<string, PreparedDocument> _documents = new(options.DocumentCacheSize);
    private readonly LruCache<string, string> _persisted = new(options.PersistedOperationsSize);
    private readonly SharedResults _shared = new();
    private readonly IErrorFilter[] _filters = [.. filters];

    public Types.Schema Schema { get; } = schema;

    public RequestExecutorOptions Options { get; } = options;

    /// <param name="request">What is asked for.</param>
    /// <param name="services">The request's scope.</param>
    /// <param name="ct">Cancelled when the client leaves.</param>
    /// <exception cref="OperationCanceledException">The client left.</exception>
    public async ValueTask<ExecutionResult> ExecuteAsync(OperationRequest request, IServiceProvider services, CancellationToken ct)
    {
        try
        {
            var document = FindDocument(request);
            if (document.Errors.Count > 0)
                return Refuse(document.Errors);
            var definition = FindOperation(document, request.OperationName);
            if (!request.IsAllowed(definition.Operation))
            {
                throw Error(
                    $"A {SyntaxPrinter.Keyword(definition.Operation)} cannot be sent this way.", ErrorCodes.OperationNotAllowed);
            }

            var (variables, errors) = VariableCoercion.Coerce(
                Schema, document.Syntax, definition, request.Variables, Options.Validation.MaxAllowedErrors);
            if (errors.Count > 0)
                return Refuse(errors);
            var cost = CheckCost(document, definition, variables);
            var operation = document.Prepare(Schema, definition, variables);
            var execution = new ExecutionRequest
            {
                Services = services,
                Variables = variables,
                ContextData = request.ContextData,
                DataLoaders = loaders,
                DataLoaderOptions = Options.DataLoader,
                MaxErrors = Options.MaxExecutionErrors,
                Filter = Filter,
            };
            return definition.Operation == OperationType.Subscription
                ? await SubscribeAsync(operation, execution, cost, ct).ConfigureAwait(false)
                : new ExecutionResult.Single(await RunAsync(operation, execution, RootSource.Instance, cost, ct).ConfigureAwait(false));
        }
        catch (GraphQLException e)
        {
            return Refuse(e.Errors);
        }
    }

    private static GraphQLException Error(string message, string code) => new(new Error(message) { Code = code });

    private ExecutionResult.Single Refuse(IReadOnlyList<IError> errors) => new(RequestError(errors));

    private OperationResult RequestError(IReadOnlyList<IError> errors)
    {
        var result = OperationResult.RequestError([.. errors.Select(Filter)]);
        metrics.Refused(result.Errors);
        return result;
    }

    private IError Filter(IError error)
    {
        foreach (var filter in _filters)
            error = filter.OnError(error);
        if (error is { Code: ErrorCodes.Internal, Exception: { } unexpected })
            Log.ResolverFailed(log, unexpected, error.Path?.ToString() ?? "");
        return error;
    }

    private PreparedDocument FindDocument(OperationRequest request)
    {
        var hash = request.PersistedHash?.ToLowerInvariant();
        if (request.Document is not { } text)
        {
            if (hash is null)
                throw Error("The request has neither \"query\" nor the hash of a persisted one.", ErrorCodes.BadRequest);
            return Prepare(_persisted.TryGet(hash, out var known) ? known : throw Error("PersistedQueryNotFound", ErrorCodes.PersistedQueryNotFound));
        }

        if (hash is null)
            return Prepare(text);
        if (Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))) != hash)
            throw Error("The hash is not that of \"query\".", ErrorCodes.PersistedQueryMismatch);
        var document = Prepare(text);
        if (document.Errors.Count == 0 && text.Length <= Options.MaxCachedDocumentLength)
            _persisted.Set(hash, text);
        return document;
    }

    private PreparedDocument Prepare(string text)
    {
        if (_documents.TryGet(text, out var known))
            return known;
        DocumentNode syntax;
        try
        {
            syntax = Parser.ParseDocument(text, Options.Parser);
        }
        catch (SyntaxException e)
        {
            throw new GraphQLException(new Error($"Syntax Error: {e.Message}") { Code = e.Code, Locations = [e.Location] });
        }

        var errors = DocumentValidator.Validate(Schema, syntax, Options.Validation);
        var document = new PreparedDocument(syntax, [.. errors.Select(e => new Error(e.Message)
        {
            Code = e.Code,
            Locations = [.. e.Offsets.Take(10).Select(syntax.LocationOf)],
            Extensions = new Dictionary<string, object?> { ["rule"] = e.Rule },
        })]);
        if (text.Length <= Options.MaxCachedDocumentLength)
            _documents.Set(text, document);
        return document;
    }

    private static OperationDefinitionNode FindOperation(PreparedDocument document, string? name)
    {
        if (!string.IsNullOrEmpty(name))
        {
            return document.Operations.FirstOrDefault(o => o.Name?.Value == name)
                ?? throw Error($"The document has no operation \"{name}\".", ErrorCodes.OperationResolutionFailure);
        }

        return document.Operations switch
        {
            [var only] => only,
            [] => throw Error("The document has no operation.", ErrorCodes.OperationResolutionFailure),
            _ => throw Error("The document has several operations: \"operationName\" says which.", ErrorCodes.OperationResolutionFailure),
        };
    }

    private OperationCost CheckCost(PreparedDocument document, OperationDefinitionNode definition, IReadOnlyDictionary<string, object?> variables)
    {
        if (!document.Costs.TryGetValue(definition, out var cost))
        {
            cost = CostAnalyzer.Reckon(Schema, document, definition, variables, Options.DefaultListSize);
            if (definition.VariableDefinitions.Count == 0)
                document.Costs.TryAdd(definition, cost);
        }

        return cost <= Options.MaxCost
            ? new(cost, Options.MaxCost)
            : throw new GraphQLException(new Error($"The operation costs {cost:0}; {Options.MaxCost:0} is allowed. Ask for smaller pages or fewer fields.")
            {
                Code = ErrorCodes.CostExceeded,
                Extensions = new Dictionary<string, object?> { ["requested"] = double.IsFinite(cost) ? cost : null, ["maximum"] = Options.MaxCost },
            });
    }

    private async ValueTask<OperationResult> RunAsync(
        Operation operation, ExecutionRequest request, object source, OperationCost? cost, CancellationToken ct)
    {
        OperationResult result;
        try
        {
            result = await new OperationExecution(operation, request, ct).ExecuteAsync(source, Options.ExecutionTimeout, time).ConfigureAwait(false);
            if (Options.ReportCost && result.HasData)
                result = result.WithCost(cost);
        }
        catch (TimeoutException)
        {
            var error = new Error($"The operation took longer than {Options.ExecutionTimeout.TotalSeconds:0.###} s.") { Code = ErrorCodes.Timeout };
            result = new(null, hasData: true, [Filter(error)]);
        }

        metrics.Refused(result.Errors);
        return result;
    }

    /// <summary>Each event has services of its own, as each request has.</summary>
    private async ValueTask<OperationResult> RunEventAsync(Operation operation, ExecutionRequest request, object? message, OperationCost cost, CancellationToken ct)
    {
        var scope = request.Services.GetRequiredService<IServiceScopeFactory>().CreateAsyncScope();
        await using (scope.ConfigureAwait(false))
            return await RunAsync(operation, request with { Services = scope.ServiceProvider }, new EventMessage(message), cost, ct).ConfigureAwait(false);
    }

    private async ValueTask<ExecutionResult> SubscribeAsync(Operation operation, ExecutionRequest request, OperationCost cost, CancellationToken ct)
    {
        if (operation.GetSelections(operation.Root, operation.RootType) is not [var selection])
            throw Error("A subscription selects one field at its root.", ErrorCodes.ValidationFailed);
        var execution = new OperationExecution(operation, request, ct);
        try
        {
            var subscriber = selection.Field.Subscriber
                ?? throw Error($"\"{selection.Field.Name}\" gives no events.", ErrorCodes.Internal);
            var events = await execution.RunAsync(selection, context => subscriber(context)).ConfigureAwait(false);
            return new ExecutionResult.ResponseStream(ReadAsync(operation, request, execution, selection, events, cost, ct));
        }
#pragma warning disable CA1031 // Whatever the resolver throws is its field's error: the subscription did not begin.
        catch (Exception e) when (e is not OperationCanceledException || !ct.IsCancellationRequested)
#pragma warning restore CA1031
        {
            return Refuse(execution.Describe(e, selection));
        }
    }

    private async IAsyncEnumerable<OperationResult> ReadAsync(
        Operation operation, ExecutionRequest request, OperationExecution subscription, Selection selection, IAsyncEnumerable<object?> events,
        OperationCost cost, [EnumeratorCancellation] CancellationToken ct)
    {
        using var counted = metrics.Subscription();
        var reader = events.GetAsyncEnumerator(ct);
        await using (reader.ConfigureAwait(false))
        {
            while (true)
            {
                OperationResult result;
                var isLast = false;
                try
                {
                    if (!await reader.MoveNextAsync().ConfigureAwait(false))
                        yield break;
                    var message = reader.Current;
                    result = await _shared.GetAsync(message, operation, request, () => RunEventAsync(operation, request, message, cost, ct), ct).ConfigureAwait(false);
                }
                catch (OperationCanceledException) when (ct.IsCancellationRequested)
                {
                    yield break;
                }
#pragma warning disable CA1031 // The stream failed: its subscriber is told, and nobody else.
                catch (Exception e)
#pragma warning restore CA1031
                {
                    isLast = true;
                    result = RequestError(subscription.Describe(e, selection));
                }

                yield return result;
                if (isLast)
                    yield break;
            }
        }
    }
}
