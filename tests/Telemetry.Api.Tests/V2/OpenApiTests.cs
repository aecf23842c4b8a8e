using System.Text.Json;
using Telemetry.Api.Tests.Support;

namespace Telemetry.Api.Tests.V2;

/// <summary>The OpenAPI document.</summary>
public sealed class OpenApiTests
{
    [Fact]
    public async Task The_document_is_OpenAPI_3_and_lists_every_call()
    {
        var document = await DocumentAsync();

        Assert.StartsWith("3.", document.GetProperty("openapi").GetString(), StringComparison.Ordinal);
        Assert.Equal(
            [
                "get /", "get /v2/capabilities", "get /v2/meters", "get /v2/meters/{name}", "get /v2/meters/{name}/statistics",
                "get /v2/resources", "get /v2/resources/{id}", "get /v2/samples", "get /v2/samples/{id}",
                "post /v2/intake/samples", "post /v2/meters/{name}", "post /v2/query/samples", "post /v2/samples",
            ],
            document.GetProperty("paths").EnumerateObject().SelectMany(p => p.Value.EnumerateObject().Select(m => $"{m.Name} {p.Name}")).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("/v2/meters", "get", "q.field q.op q.value q.type limit unique")]
    [InlineData("/v2/meters/{name}", "get", "name q.field q.op q.value q.type limit as_of")]
    [InlineData("/v2/meters/{name}/statistics", "get", "name q.field q.op q.value q.type groupby period aggregate.func aggregate.param as_of")]
    [InlineData("/v2/resources", "get", "q.field q.op q.value q.type limit meter_links")]
    [InlineData("/v2/resources/{id}", "get", "id")]
    [InlineData("/v2/samples/{id}", "get", "id")]
    [InlineData("/v2/capabilities", "get", "")]
    [InlineData("/v2/query/samples", "post", "")]
    [InlineData("/v2/samples", "post", "")]
    [InlineData("/v2/meters/{name}", "post", "name direct")]
    public async Task A_call_names_the_arguments_that_it_takes(string path, string method, string names)
    {
        var operation = (await DocumentAsync()).GetProperty("paths").GetProperty(path).GetProperty(method);

        var parameters = operation.TryGetProperty("parameters", out var list) ? list.EnumerateArray().Select(p => p.GetProperty("name").GetString()) : [];
        Assert.Equal(names, string.Join(' ', parameters));
        Assert.Equal(method == "post", operation.TryGetProperty("requestBody", out _));
    }

    [Fact]
    public async Task Every_reference_leads_to_a_schema()
    {
        var document = await DocumentAsync();
        var schemas = document.GetProperty("components").GetProperty("schemas");

        var references = References(document).Distinct().ToList();

        Assert.Contains("#/components/schemas/Statistics", references);
        Assert.All(references, r => Assert.True(schemas.TryGetProperty(r["#/components/schemas/".Length..], out _), r));
    }

    // What the document says of an answer is what the answer has.
    [Theory]
    [InlineData("/", "Versions")]
    [InlineData("/v2/capabilities", "Capabilities")]
    [InlineData("/v2/meters", "Meter")]
    [InlineData("/v2/samples", "Sample")]
    [InlineData("/v2/samples/s1", "Sample")]
    [InlineData("/v2/meters/cpu_util", "OldSample")]
    [InlineData("/v2/resources", "Resource")]
    [InlineData("/v2/resources/r1", "Resource")]
    [InlineData("/v2/meters/cpu_util/statistics", "Statistics")]
    [InlineData("/v2/meters/cpu_util/statistics?aggregate.func=max&groupby=user_id", "Statistics")]
    [InlineData("/v2/nothing", "Error")]
    [InlineData("/v2/samples?limit=0", "Error")]
    public async Task A_schema_describes_the_answer(string path, string name)
    {
        await using var host = await ApiHost.StartAsync();
        var schema = (await DocumentAsync()).GetProperty("components").GetProperty("schemas").GetProperty(name);
        var answer = (await host.GetAsync(path)).Json;

        foreach (var row in answer.ValueKind == JsonValueKind.Array ? answer.EnumerateArray() : Enumerable.Repeat(answer, 1))
        {
            var members = row.EnumerateObject().ToDictionary(m => m.Name, m => m.Value);
            Assert.Empty(members.Keys.Except(schema.GetProperty("properties").EnumerateObject().Select(p => p.Name)));
            if (schema.TryGetProperty("required", out var required))
                Assert.Empty(required.EnumerateArray().Select(r => r.GetString()!).Except(members.Keys));
            foreach (var (member, value) in members)
            {
                if (schema.GetProperty("properties").GetProperty(member).TryGetProperty("type", out var type))
                    Assert.Contains(TypeOf(value), type.ToString(), StringComparison.Ordinal);
            }
        }
    }

    private static string TypeOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => value.GetRawText().Contains('.', StringComparison.Ordinal) ? "number" : "integer",
        JsonValueKind.True or JsonValueKind.False => "boolean",
        var kind => kind.ToString().ToLowerInvariant(),
    };

    private static IEnumerable<string> References(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(p => p.NameEquals("$ref") ? [p.Value.GetString()!] : References(p.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(References),
        _ => [],
    };

    private static async Task<JsonElement> DocumentAsync()
    {
        await using var host = await ApiHost.StartAsync();
        return (await host.GetAsync("/openapi/v2.json")).Json;
    }
}
