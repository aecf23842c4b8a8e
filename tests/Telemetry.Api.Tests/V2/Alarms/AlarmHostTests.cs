using Telemetry.Api.Tests.Support;
using Telemetry.Conformance;

namespace Telemetry.Api.Tests.V2.Alarms;

/// <summary>Calls on a running API with alarms: member u1 of project p1, another member, and an admin.</summary>
public abstract class AlarmHostTests : IAsyncLifetime
{
    internal static readonly (string, string)[] Member = [("X-User-Id", "u1"), ("X-Project-Id", "p1"), ("X-Roles", "member")];
    internal static readonly (string, string)[] Other = [("X-User-Id", "u2"), ("X-Project-Id", "p2"), ("X-Roles", "member")];
    internal static readonly (string, string)[] Admin = [("X-User-Id", "root"), ("X-Project-Id", "service"), ("X-Roles", "reader,Admin")];
    internal const string Rule = "'type': 'threshold', 'threshold_rule': {'meter_name': 'cpu', 'threshold': 80}";

    internal ApiHost Api { get; private set; } = null!;

    internal ManualTime Time { get; } = new(new DateTimeOffset(2026, 11, 20, 9, 38, 35, TimeSpan.Zero));

    protected virtual (string Key, string Value)[] Settings => [];

    public async ValueTask InitializeAsync() => Api = await ApiHost.StartAlarmsAsync(Time, null, Settings);

    public async ValueTask DisposeAsync()
    {
        await Api.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <param name="body">JSON with single quotes, without its braces; <c>RULE</c> stands for a threshold rule.</param>
    internal Task<HttpAnswer> PostAsync(string body, (string, string)[]? caller = null) => Api.PostAsync("/v2/alarms", Json(body), caller ?? Member);

    internal Task<HttpAnswer> PutAsync(string id, string body, (string, string)[]? caller = null) => Api.PutAsync($"/v2/alarms/{id}", Json(body), caller ?? Member);

    internal async Task<string> CreateAsync(string name, string more = RuleText, (string, string)[]? caller = null)
    {
        var answer = await PostAsync($"'name': '{name}', {more}", caller);
        Assert.True((int)answer.Status == 201, answer.Body);
        Time.Now += TimeSpan.FromSeconds(1);
        return answer.Json.GetProperty("alarm_id").GetString()!;
    }

    internal const string RuleText = "RULE";

    private static string Json(string body) => $"{{{body.Replace("RULE", Rule, StringComparison.Ordinal)}}}".Replace('\'', '"');
}
