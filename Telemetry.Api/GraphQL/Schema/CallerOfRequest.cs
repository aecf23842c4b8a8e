using Telemetry.Api.Auth;
using Telemetry.Api.GraphQL.Execution;
using Telemetry.Api.GraphQL.Http;

namespace Telemetry.Api.GraphQL.Schema;

/// <summary>Gives resolvers and loaders who asks, as the REST API knows it: of a socket, who opened it.</summary>
internal sealed class CallerOfRequest : IHttpRequestInterceptor
{
    /// <summary>The state's name.</summary>
    public const string Key = "caller";

    public ValueTask OnCreateAsync(HttpContext context, IDictionary<string, object?> state, CancellationToken ct)
    {
        var caller = context.Caller();
        state[Key] = caller;
        state[SharedResults.ViewerKey] = (string.Join(',', caller.Roles), caller.UserId, caller.ProjectId);
        return default;
    }
}

/// <summary>What follows from who asks.</summary>
internal static class CallerOfRequestExtensions
{
    public static Caller Caller(this DataLoaderOptions options) => (Caller)options.ContextData[CallerOfRequest.Key]!;

    public static Scope Scope(this DataLoaderOptions options) => options.Caller().Scope();

    public static Scope Scope(this Caller caller) => Auth.Scope.Of(caller);

    public static Domain.Alarms.AlarmCaller AsAlarmCaller(this Caller caller) => new(caller.UserId, caller.ProjectId, caller.IsAdmin);
}
