using Microsoft.Extensions.Options;
using Telemetry.Api.Auth;
using Telemetry.Api.V2.Calls;
using Telemetry.Api.V2.Json;
using Telemetry.Api.V2.Queries;
using Telemetry.Domain.Metering;

namespace Telemetry.Api.V2;

/// <summary><c>GET /v2/meters/{name}</c>: the samples of one meter in their older shape.</summary>
internal static class OldSampleEndpoints
{
    public static void MapOldSamples(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/v2/meters/{name}", ListAsync)
            .Takes(Argument.Query, Argument.Limit, AsOfArgument.AsOf).Answers("OldSample", list: true)
            .WithTags("Meters").WithName("meter_samples").WithSummary("The samples of a meter, newest first.");

    private static async Task ListAsync(HttpContext context, IMeteringReader reader, IOptions<ApiOptions> options, CancellationToken ct)
    {
        var arguments = await Arguments.ReadAsync(context);
        var limit = Limits.Of(arguments.Integer(Argument.Limit), options.Value);
        var meter = PathSegments.Decoded(context, "name", fromEnd: 0);
        var query = SimpleQuery.Parse(QueryCondition.Of(arguments), QueryFields.Samples, context.Scope(), meter);
        var samples = await AsOfArgument.AskAsync(
            context, arguments, query.Filter, query.Times.Range, reader, r => r.SamplesAsync(new SampleQuery(query.Predicate, [], limit), ct).AsTask(), ct);
        await JsonAnswer.WriteListAsync(context, samples, new SampleJson().WriteOld);
    }
}
