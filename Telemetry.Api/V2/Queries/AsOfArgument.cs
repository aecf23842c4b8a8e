using System.Globalization;
using Telemetry.Api.V2.Calls;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;
using Telemetry.Projections.Past;

namespace Telemetry.Api.V2.Queries;

/// <summary><c>as_of</c>: an answer as it would have been at an earlier time of the log.</summary>
internal static class AsOfArgument
{
    public static readonly Argument AsOf = new("as_of", ArgumentKind.Text, "A position of the log or an instant: only what was recorded until then counts. Default: everything.");

    /// <summary>Null where the argument is not given.</summary>
    /// <exception cref="ApiException">400: it is neither a position nor an instant.</exception>
    public static AsOf? Of(Arguments arguments) => arguments.Text(AsOf) is not { } text ? null : Parse(text);

    /// <exception cref="ApiException">400: it is neither a position nor an instant.</exception>
    public static AsOf Parse(string text)
    {
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var position))
            return new(position, null);
        return text.Contains('-', StringComparison.Ordinal) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? new(null, time)
            : throw ApiException.InvalidInput(AsOf.Name, text, "It is a position, or an instant such as 2026-11-03T00:00:00.");
    }

    /// <summary>Asks the reader of today, or one of the past.</summary>
    public static async Task<T> AskAsync<T>(
        HttpContext context, Arguments arguments, Predicate filter, TimeRange range, IMeteringReader today, Func<IMeteringReader, Task<T>> ask, CancellationToken ct)
    {
        if (Of(arguments) is not { } asOf)
            return await ask(today);
        try
        {
            using var past = await context.RequestServices.GetRequiredService<PastReadModels>().MeteringAsync(asOf, filter, range, ct);
            return await ask(past.Reader);
        }
        catch (PastTooLargeException e)
        {
            throw ApiException.InvalidInput(AsOf.Name, arguments.Text(AsOf), e.Message);
        }
        catch (PastBusyException e)
        {
            context.Response.Headers.RetryAfter = "5";
            throw new ApiException(StatusCodes.Status503ServiceUnavailable, e.Message);
        }
    }
}
