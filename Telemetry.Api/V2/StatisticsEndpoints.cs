using Telemetry.Api.Auth;
using Telemetry.Api.V2.Calls;
using Telemetry.Api.V2.Json;
using Telemetry.Api.V2.Queries;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Statistics;

namespace Telemetry.Api.V2;

/// <summary><c>GET /v2/meters/{name}/statistics</c>.</summary>
internal static class StatisticsEndpoints
{
    public static void MapStatistics(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/v2/meters/{name}/statistics", ComputeAsync)
            .Takes(Argument.Query, Argument.GroupBy, Argument.Period, Argument.Aggregate, AsOfArgument.AsOf).Answers("Statistics", list: true)
            .WithTags("Meters").WithName("statistics").WithSummary("Aggregates over the samples of a meter, by unit, group and period.");

    private static async Task ComputeAsync(HttpContext context, IMeteringReader reader, CancellationToken ct)
    {
        var arguments = await Arguments.ReadAsync(context);
        var period = StatisticsArguments.ParsePeriod(arguments);
        var meter = PathSegments.Decoded(context, "name", fromEnd: 1);
        var query = SimpleQuery.Parse(QueryCondition.Of(arguments), QueryFields.Samples, context.Scope(), meter);
        var asked = new StatisticsArguments(
            period,
            StatisticsArguments.ParseGroupBy(arguments.Texts(Argument.GroupBy)),
            StatisticsArguments.ParseAggregates(arguments.Groups(Argument.Aggregate)));
        var rows = await AsOfArgument.AskAsync(context, arguments, query.Filter, query.Times.Range, reader, r => RowsAsync(r, query, asked, ct), ct);
        await JsonAnswer.WriteListAsync(context, rows, new StatisticsJson(asked, query.Times).Write);
    }

    private static async Task<IReadOnlyList<StatisticsRow>> RowsAsync(
        IMeteringReader reader, SimpleQuery query, StatisticsArguments asked, CancellationToken ct)
    {
        try
        {
            var rows = await reader.StatisticsAsync(
                new StatisticsQuery(query.Filter, query.Times.Range, asked.PeriodSeconds, query.Times.SearchStart, [.. asked.GroupBy.Select(g => g.Value)], asked.Aggregates), ct);
            // The last bucket is the latest; it may begin before the year 10000 and end after it.
            return rows is [.., { PeriodEnd: var end }] && end > UnixMicroseconds.Max ? throw InvalidPeriod(asked) : rows;
        }
        catch (ArgumentOutOfRangeException e) when (asked.PeriodSeconds is not null && e.ParamName == "periodSeconds")
        {
            throw InvalidPeriod(asked);
        }
    }

    private static ApiException InvalidPeriod(StatisticsArguments asked) =>
        ApiException.BadRequest($"Invalid period {asked.Period}: date value out of range");
}
