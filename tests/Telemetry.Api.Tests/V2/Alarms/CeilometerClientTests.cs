using System.Text.Json;

namespace Telemetry.Api.Tests.V2.Alarms;

/// <summary>What python-ceilometerclient 2.9.1 sent for its alarm commands, recorded when it ran against this program: it is in no registry any more.</summary>
public sealed class CeilometerClientTests : AlarmHostTests
{
    [Fact]
    public async Task Every_call_of_its_alarm_commands_is_answered_as_it_was()
    {
        var ids = new Dictionary<string, string>(); // of the recording, and here
        foreach (var line in File.ReadLines(TestData.Path("alarms/ceilometerclient-2.9.1.jsonl")))
        {
            var call = JsonElement.Parse(ids.Aggregate(line, (text, id) => text.Replace(id.Key, id.Value, StringComparison.Ordinal)));
            var path = call.GetProperty("path").GetString()!;
            var body = call.TryGetProperty("body", out var given) ? given.GetRawText() : "";
            var answer = call.GetProperty("method").GetString() switch
            {
                "GET" => await Api.GetAsync(path, Member),
                "POST" => await Api.PostAsync(path, body, Member),
                "PUT" => await Api.PutAsync(path, body, Member),
                _ => await Api.DeleteAsync(path, Member),
            };

            Assert.True((int)answer.Status == call.GetProperty("status").GetInt32(), $"{line}: {(int)answer.Status} {answer.Body}");
            if (call.TryGetProperty("created", out var created))
                ids.Add(created.GetString()!, answer.Json.GetProperty("alarm_id").GetString()!);
        }

        Assert.Equal(
            ["both", "cpu", "ev", "g"], (await Api.GetAsync("/v2/alarms?sort=name", Member)).All("name"));
        Assert.Equal(
            ["rule change", "state transition", "rule change", "creation"],
            (await Api.GetAsync($"/v2/alarms/{ids.Values.First()}/history", Member)).All("type"));
    }
}
