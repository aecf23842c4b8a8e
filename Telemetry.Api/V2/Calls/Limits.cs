using System.Numerics;

namespace Telemetry.Api.V2.Calls;

/// <summary>How many rows a list has.</summary>
internal static class Limits
{
    /// <param name="limit">As asked for.</param>
    /// <exception cref="ApiException">400: not positive, or too large for anything.</exception>
    public static int Of(BigInteger? limit, ApiOptions options)
    {
        if (limit is not { } given)
            return options.DefaultReturnLimit;
        if (given <= 0)
            throw ApiException.BadRequest("Limit must be positive");
        return given <= int.MaxValue
            ? (int)given
            : throw ApiException.InvalidInput("limit", given.ToString(), $"It is at most {int.MaxValue}.");
    }
}
