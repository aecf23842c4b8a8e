using Microsoft.Extensions.Options;
using Telemetry.Api.Auth;
using Telemetry.Api.V2.Calls;
using Telemetry.Api.V2.Json;
using Telemetry.Api.V2.Queries;
using Telemetry.Domain.Metering;

namespace Telemetry.Api.V2;

/// <summary><c>POST /v2/query/samples</c>: the complex query.</summary>
internal static class SampleQueryEndpoints
{
    public static void MapSampleQuery(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/v2/query/samples", QueryAsync)
            .Takes().Reads("ComplexQuery").Answers("Sample", list: true)
            .WithTags("Samples").WithName("query_samples").WithSummary("Samples that a filter of and, or, not and comparisons selects, in any order.");

    private static async Task QueryAsync(HttpContext context, IMeteringReader reader, IOptions<ApiOptions> options, CancellationToken ct)
    {
        Arguments.OfQueryString(context);
        var query = ComplexQuery.Parse(await JsonBody.ReadAsync(context), ComplexFields.Samples, context.Scope());
        var limit = Limits.Of(query.Limit, options.Value);
        var samples = await reader.SamplesAsync(new SampleQuery(query.Filter, query.OrderBy, limit), ct);
        await JsonAnswer.WriteListAsync(context, samples, new SampleJson().Write);
    }
}
