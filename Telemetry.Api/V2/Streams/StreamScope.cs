using Telemetry.Api.Auth;
using Telemetry.Domain.Streams;

namespace Telemetry.Api.V2.Streams;

/// <summary>Which streams a caller sees: a limited one those that hold its project's samples and events, every other one all.</summary>
internal static class StreamScope
{
    private static readonly string[] ProjectCategories = ["events", "samples"];

    public static bool IsVisible(this Scope scope, StreamName stream)
    {
        if (scope.Project is not { } project)
            return true;
        // The stream of no project is called none; a project of that name gets nothing rather than everybody's.
        var (category, name) = (stream.Category, stream.ToString());
        return project != "none" && ProjectCategories.Contains(category)
            && name.Length == category.Length + project.Length + "--yyyy-MM".Length
            && name.AsSpan(category.Length + 1).StartsWith($"{project}-", StringComparison.Ordinal);
    }

    /// <summary>The prefixes that hold all visible streams which begin with a prefix.</summary>
    public static IEnumerable<string> Prefixes(this Scope scope, string prefix) => scope.Project is not { } project
        ? [prefix]
        : ProjectCategories.Select(c => $"{c}-{project}-")
            .Where(p => p.StartsWith(prefix, StringComparison.Ordinal) || prefix.StartsWith(p, StringComparison.Ordinal))
            .Select(p => p.Length > prefix.Length ? p : prefix);

    /// <exception cref="ApiException">403: the caller is limited to a project.</exception>
    public static void DemandUnlimited(this HttpContext context)
    {
        if (context.Caller().LimitedToProject is not null)
            throw ApiException.Plain(StatusCodes.Status403Forbidden, "RBAC Authorization Failed");
    }
}
