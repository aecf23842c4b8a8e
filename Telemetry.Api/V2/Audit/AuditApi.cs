using Microsoft.Extensions.DependencyInjection.Extensions;
using Telemetry.Api.V2.Ratings;
using Telemetry.Api.V2.Streams;
using Telemetry.Domain.Streams;
using Telemetry.Projections.Rating;

namespace Telemetry.Api.V2.Audit;

/// <summary>What the API offers beyond Ceilometer's for auditors and billing.</summary>
internal static class AuditApi
{
    /// <summary>Registers what <see cref="MapAuditApi"/> needs beside the audit log itself.</summary>
    public static IServiceCollection AddAuditApi(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(s => new Rater(s.GetRequiredService<IEventStore>()));
        services.AddSingleton<RatingJobs>();
        return services;
    }

    /// <summary>Maps <c>/v2/keys</c>, <c>/v2/streams</c> and <c>/v2/cursors</c>, and with the tree <c>/v2/audit</c> and <c>/v2/ratings</c>, whose results name a checkpoint.</summary>
    public static IEndpointRouteBuilder MapAuditApi(this IEndpointRouteBuilder routes, bool tree = true)
    {
        routes.MapKeys();
        routes.MapStreams();
        routes.MapCursors();
        if (!tree)
            return routes;
        routes.MapAudit();
        routes.MapVerification();
        routes.MapRatings();
        return routes;
    }
}
