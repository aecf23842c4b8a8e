using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Microsoft.OpenApi;

namespace Telemetry.Api.V2.OpenApi;

/// <summary>The OpenAPI document of <c>/v2</c>, at <c>/openapi/v2.json</c>.</summary>
internal static class OpenApiExtensions
{
    private const string DocumentName = "v2";

    public static IServiceCollection AddV2OpenApi(this IServiceCollection services) => services.AddOpenApi(DocumentName, options =>
    {
        options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
        options.ShouldInclude = IsV2;
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "Telemetry",
                Version = "v2",
                Description = "Ceilometer's REST API. Timestamps are UTC without a zone; errors have a body of the schema Error.",
            };
            document.Servers = []; // the API lies where the document came from
            foreach (var (name, schema) in Schemas.All(document))
                document.AddComponent(name, schema);
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            OperationDescription.Complete(operation, context.Description, context.Document!);
            return Task.CompletedTask;
        });
    });

    public static void MapV2OpenApi(this IEndpointRouteBuilder routes) => routes.MapOpenApi("/openapi/{documentName}.json").WithName("openapi");

    private static bool IsV2(ApiDescription description) =>
        description.RelativePath is "" or "/" || description.RelativePath?.StartsWith("v2/", StringComparison.Ordinal) == true;
}
