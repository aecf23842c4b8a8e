using System.Globalization;
using Telemetry.Api.V2;
using Telemetry.Domain.Streams;

namespace Telemetry.Api.Http;

/// <summary>
/// <c>Telemetry-Position: N</c> on a request: it is answered once this process has everything up to N. With the position that another process gave
/// for a write, a caller reads what it wrote wherever it asks.
/// </summary>
internal static class ReadYourWrites
{
    public const string Header = "Telemetry-Position";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public static async Task WaitAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Request.Headers[Header] is { Count: > 0 } asked)
        {
            if (!long.TryParse(asked.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var position))
                throw ApiException.InvalidInput(Header, asked.ToString(), "It is the position that an answer gave.");
            if (context.RequestServices.GetService<IProjectionProgress>() is { } projections && !await projections.WaitForAsync(position, Patience, context.RequestAborted))
                throw new ApiException(StatusCodes.Status503ServiceUnavailable, $"Position {position} cannot be read here yet. Try again later.");
        }
        await next(context);
    }
}
