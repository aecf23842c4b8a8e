using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Telemetry.Api.Tests.GraphQL.Judges;

/// <summary>graphql-js in a process of its own, asked a question at a time.</summary>
internal sealed class GraphQLJs : IDisposable
{
    private readonly Process _process;

    public GraphQLJs(NodeFixture node) => _process = node.Start("judge.mjs");

    public JsonNode? Ask(string question, params IEnumerable<(string Name, JsonNode? Value)> arguments)
    {
        var line = new JsonObject { ["ask"] = question };
        foreach (var (name, value) in arguments)
            line[name] = value;
        _process.StandardInput.WriteLine(line.ToJsonString(new JsonSerializerOptions { MaxDepth = 1000 }));
        _process.StandardInput.Flush();
        var answer = JsonNode.Parse(_process.StandardOutput.ReadLine() ?? throw new InvalidOperationException(_process.StandardError.ReadToEnd()))!;
        return answer["failure"] is { } failure ? throw new InvalidOperationException(failure.GetValue<string>()) : answer["answer"];
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(5_000))
            _process.Kill();
        _process.Dispose();
    }
}
