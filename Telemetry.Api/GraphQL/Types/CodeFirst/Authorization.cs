using System.Reflection;
using Telemetry.Api.GraphQL.Execution;

namespace Telemetry.Api.GraphQL.Types.CodeFirst;

/// <summary>Puts <see cref="AuthorizeAttribute"/> before a field's resolver.</summary>
internal static class Authorization
{
    public static void Apply(OutputField field, MemberInfo member, Type? owner)
    {
        AuthorizeAttribute[] rules = [.. owner?.GetCustomAttributes<AuthorizeAttribute>() ?? [], .. member.GetCustomAttributes<AuthorizeAttribute>()];
        if (rules.Length == 0)
            return;
        var inner = field.Resolver;
        var property = field.Property;
        field.Property = null;
        field.Resolver = async context =>
        {
            var handler = context.Services.GetRequiredService<IAuthorizationHandler>();
            foreach (var rule in rules)
            {
                if (!await handler.IsAllowedAsync(context, rule))
                    throw new GraphQLException(new Error("The caller may not see this field.") { Code = ErrorCodes.NotAuthorized });
            }

            return property is not null ? property(context.Parent<object>()) : await inner!(context);
        };
    }
}
