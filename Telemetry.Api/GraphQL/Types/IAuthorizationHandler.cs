using Telemetry.Api.GraphQL.Execution;

namespace Telemetry.Api.GraphQL.Types;

/// <summary>Decides what <see cref="AuthorizeAttribute"/> asks; the application registers one.</summary>
internal interface IAuthorizationHandler
{
    ValueTask<bool> IsAllowedAsync(IResolverContext context, AuthorizeAttribute attribute);
}
