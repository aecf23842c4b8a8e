using Microsoft.Extensions.Options;
using Telemetry.Api.Auth;
using Telemetry.Api.V2.Calls;
using Telemetry.Api.V2.Json;
using Telemetry.Api.V2.Queries;
using Telemetry.Domain.Metering;

namespace Telemetry.Api.V2;

/// <summary><c>GET /v2/samples</c> and <c>GET /v2/samples/{id}</c>.</summary>
internal static class SampleEndpoints
{
    public static void MapSamples(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v2/samples", ListAsync)
            .Takes(Argument.Query, Argument.Limit, AsOfArgument.AsOf).Answers("Sample", list: true)
            .WithTags("Samples").WithName("samples").WithSummary("Samples, newest first.");
        routes.MapGet("/v2/samples/{id}", GetAsync)
            .Takes().Answers("Sample")
            .WithTags("Samples").WithName("sample").WithSummary("One sample.");
    }

    private static async Task ListAsync(HttpContext context, IMeteringReader reader, IOptions<ApiOptions> options, CancellationToken ct)
    {
        var arguments = await Arguments.ReadAsync(context);
        var limit = Limits.Of(arguments.Integer(Argument.Limit), options.Value);
        var query = SimpleQuery.Parse(QueryCondition.Of(arguments), QueryFields.Samples, context.Scope());
        var samples = await AsOfArgument.AskAsync(
            context, arguments, query.Filter, query.Times.Range, reader, r => r.SamplesAsync(new SampleQuery(query.Predicate, [], limit), ct).AsTask(), ct);
        await JsonAnswer.WriteListAsync(context, samples, new SampleJson().Write);
    }

    private static async Task GetAsync(HttpContext context, IMeteringReader reader, CancellationToken ct)
    {
        await Arguments.ReadAsync(context);
        var id = PathSegments.Decoded(context, "id", fromEnd: 0);
        // Upstream forgot to scope this call; another project's sample is as good as none.
        var sample = await reader.FindSampleAsync(id, context.Scope().Predicate, ct) ?? throw ApiException.NotFound("Sample", id);
        await JsonAnswer.WriteAsync(context, sample, new SampleJson().Write);
    }
}
