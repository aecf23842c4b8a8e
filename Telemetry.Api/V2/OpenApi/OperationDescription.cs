using System.Globalization;
using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Microsoft.OpenApi;
using Telemetry.Api.V2.Calls;

namespace Telemetry.Api.V2.OpenApi;

/// <summary>Says of a call what its endpoint's metadata say: arguments and bodies are read by hand, so nothing can be found by reflection.</summary>
internal static class OperationDescription
{
    private const string Json = "application/json";

    public static void Complete(OpenApiOperation operation, ApiDescription description, OpenApiDocument document)
    {
        var metadata = description.ActionDescriptor.EndpointMetadata;
        operation.Parameters =
        [
            .. PathNames(description.RelativePath!).Select(Path),
            .. metadata.OfType<TakesArguments>().SelectMany(t => t.Arguments).SelectMany(Parameters),
        ];
        if (metadata.OfType<ReadsBody>().FirstOrDefault() is { } reads)
            operation.RequestBody = new OpenApiRequestBody { Required = true, Content = Content(reads.Schema, reads.IsList, document) };
        operation.Responses = [];
        if (metadata.OfType<AnswersBody>().FirstOrDefault() is { } answers)
        {
            operation.Responses[answers.Status.ToString(CultureInfo.InvariantCulture)] = new OpenApiResponse
            {
                Description = answers.IsList ? $"A list of {answers.Schema}." : $"{answers.Schema}.",
                Content = Content(answers.Schema, answers.IsList, document),
            };
        }
        operation.Responses["default"] = new OpenApiResponse { Description = "What went wrong.", Content = Content("Error", isList: false, document) };
    }

    private static IEnumerable<string> PathNames(string path) =>
        path.Split('/').Where(s => s is ['{', .., '}']).Select(s => s[1..^1].TrimStart('*').Split(':')[0]);

    private static IOpenApiParameter Path(string name) => new OpenApiParameter
    {
        Name = name,
        In = ParameterLocation.Path,
        Required = true,
        Schema = new OpenApiSchema { Type = JsonSchemaType.String },
    };

    private static IEnumerable<IOpenApiParameter> Parameters(Argument argument) => argument.Kind switch
    {
        ArgumentKind.Integer => [Query(argument.Name, argument.Description, new OpenApiSchema { Type = JsonSchemaType.Integer })],
        ArgumentKind.Text => [Query(argument.Name, argument.Description, new OpenApiSchema { Type = JsonSchemaType.String })],
        ArgumentKind.TextList => [Query(argument.Name, argument.Description, Texts())],
        _ => argument.Attributes.Select(a => Query($"{argument.Name}.{a}", argument.Description, Texts())),
    };

    private static OpenApiParameter Query(string name, string description, OpenApiSchema schema) => new()
    {
        Name = name,
        In = ParameterLocation.Query,
        Description = description,
        Schema = schema,
        Explode = true,
    };

    private static OpenApiSchema Texts() => new() { Type = JsonSchemaType.Array, Items = new OpenApiSchema { Type = JsonSchemaType.String } };

    private static Dictionary<string, OpenApiMediaType> Content(string schema, bool isList, OpenApiDocument document)
    {
        IOpenApiSchema one = new OpenApiSchemaReference(schema, document);
        return new() { [Json] = new() { Schema = isList ? new OpenApiSchema { Type = JsonSchemaType.Array, Items = one } : one } };
    }
}
