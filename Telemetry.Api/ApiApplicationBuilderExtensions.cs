using Microsoft.Extensions.Options;
using Telemetry.Api.Auth;
using Telemetry.Api.Http;
using Telemetry.Api.V2.Errors;

namespace Telemetry.Api;

/// <summary>The way of a request to its endpoint.</summary>
public static class ApiApplicationBuilderExtensions
{
    /// <summary>
    /// Request id, CORS, path base, errors, identity (authentication <c>none</c>) and routing, in this order. Endpoints are mapped afterwards.
    /// </summary>
    public static IApplicationBuilder UseTelemetryApi(this IApplicationBuilder app)
    {
        app.Use(RequestIds.AssignAsync);
        app.UseMiddleware<Cors>();
        app.Use(HeadRequests.AnswerAsGetAsync);
        app.UsePathBase(app.ApplicationServices.GetRequiredService<IOptions<ApiOptions>>().Value.PathBase);
        app.Use(Errors.TranslateAsync);
        app.Use(IdentityHeaders.ReadAsync);
        app.Use(ReadYourWrites.WaitAsync);
        app.UseRouting();
        app.Use(AcceptJson.DemandAsync);
        return app;
    }
}
