namespace Telemetry.Api.Auth;

/// <summary>Where a request keeps who asks.</summary>
internal static class CallerExtensions
{
    private static readonly Caller Nobody = new([], null, null);

    /// <summary>Who asks; without any identity where no middleware has set one.</summary>
    public static Caller Caller(this HttpContext context) => context.Features.Get<Caller>() ?? Nobody;

    /// <summary>What the caller may see.</summary>
    public static Scope Scope(this HttpContext context) => Auth.Scope.Of(context.Caller());

    public static void SetCaller(this HttpContext context, Caller caller) => context.Features.Set(caller);
}
