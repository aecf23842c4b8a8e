using Microsoft.Extensions.DependencyInjection;
using Telemetry.Domain.Alarms;
using Telemetry.Domain.Alarms.Evaluation;

namespace Telemetry.Api.Tests.V2.Alarms;

public sealed class AlarmQuotaTests : AlarmHostTests
{
    protected override (string Key, string Value)[] Settings => [("Telemetry:Alarms:UserQuota", "3"), ("Telemetry:Alarms:EvaluationMetrics", "true")];

    [Fact]
    public async Task A_project_without_a_quota_has_the_default_and_reading_it_stores_nothing()
    {
        var answer = await Api.GetAsync("/v2/quotas", Member);

        Assert.Equal("""{"project_id":"p1","quotas":[{"resource":"alarms","limit":-1}]}""", answer.Body);
        await CreateAsync("n");
    }

    [Fact]
    public async Task A_projects_quota_is_kept()
    {
        var set = await SetAsync(1);
        Assert.Equal((201, """{"project_id":"p1","quotas":[{"resource":"alarms","limit":1}]}"""), ((int)set.Status, set.Body));
        var id = await CreateAsync("first");

        (await PostAsync("'name': 'second', RULE")).AssertFault(403, "Alarm quota exceeded for user u1 on project p1");
        (await PostAsync("'name': 'second'")).AssertFault(400, "Invalid input for field/attribute type. Value: 'None'. Mandatory field missing.");
        await CreateAsync("elsewhere", caller: Other);
        await Api.DeleteAsync($"/v2/alarms/{id}", Member);
        await CreateAsync("second");
        await SetAsync(-1);
        await CreateAsync("third");
    }

    [Fact]
    public async Task A_user_has_a_quota_too_and_removing_the_projects_brings_the_default_back()
    {
        await SetAsync(0);
        (await PostAsync("'name': 'n', RULE")).AssertFault(403, "Alarm quota exceeded for user u1 on project p1");

        Assert.Equal(204, (int)(await Api.DeleteAsync("/v2/quotas/p1", Admin)).Status);

        foreach (var name in (string[])["a", "b", "c"])
            await CreateAsync(name);
        (await PostAsync("'name': 'd', RULE")).AssertFault(403, "Alarm quota exceeded for user u1 on project p1");
    }

    [Fact]
    public async Task Quotas_belong_to_admins()
    {
        (await SetAsync(1, Member)).AssertFault(403, "RBAC Authorization Failed");
        (await Api.DeleteAsync("/v2/quotas/p1", Member)).AssertFault(403, "RBAC Authorization Failed");
        (await Api.GetAsync("/v2/quotas?project_id=p2", Member)).AssertFault(403, "RBAC Authorization Failed");
        Assert.Equal(200, (int)(await Api.GetAsync("/v2/quotas?project_id=p2", Admin)).Status);
    }

    [Theory]
    [InlineData("{'project_id': 'p', 'quotas': [{'limit': 1}]}", "Invalid input for field/attribute resource. Value: 'None'. Mandatory field missing.")]
    [InlineData("{'quotas': []}", "Invalid input for field/attribute project_id. Value: 'None'. Mandatory field missing.")]
    [InlineData("{'project_id': 'p', 'quotas': [{'resource': 'x', 'limit': 1}]}", "Invalid input for field/attribute resource. Value: 'x'. Value should be one of: alarms")]
    [InlineData("{'project_id': 'p', 'quotas': [{'resource': 'alarms'}]}", "Invalid input for field/attribute limit. Value: 'None'. Mandatory field missing.")]
    [InlineData("{'project_id': 'p', 'quotas': [{'resource': 'alarms', 'limit': -2}]}", "Invalid input for field/attribute limit. Value: '-2'. Value should be greater or equal to -1")]
    [InlineData("{'project_id': 'p', 'foo': 1}", "Unknown attribute for argument body: foo")]
    public async Task A_quota_that_is_none_is_refused(string body, string message) => (await Api.PostAsync("/v2/quotas", body.Replace('\'', '"'), Admin)).AssertFault(400, message);

    [Fact]
    public async Task Enabled_metrics_are_empty_at_first_and_all_projects_are_for_admins()
    {
        Assert.Equal("""{"evaluation_results":[]}""", (await Api.GetAsync("/v2/metrics", Member)).Body);
        (await Api.GetAsync("/v2/metrics?all_projects=true", Member)).AssertFault(403, "RBAC Authorization Failed");
        Assert.Equal(200, (int)(await Api.GetAsync("/v2/metrics?all_projects=true", Admin)).Status);
    }

    [Fact]
    public async Task A_quota_may_be_left_out_and_texts_are_numbers()
    {
        Assert.Equal(201, (int)(await Api.PostAsync("/v2/quotas", """{"project_id": "p1"}""", Admin)).Status);
        Assert.Equal(
            """{"project_id":"p1","quotas":[{"resource":"alarms","limit":5}]}""",
            (await Api.PostAsync("/v2/quotas", """{"project_id": "p1", "quotas": [{"resource": "alarms", "limit": "5"}]}""", Admin)).Body);
    }

    [Fact]
    public async Task Who_may_comes_before_how_many()
    {
        await SetAsync(0);

        (await PostAsync("'name': 'n', 'project_id': 'p2', RULE")).AssertFault(401, "Not Authorized to access project p2");
    }

    [Fact]
    public async Task Metrics_count_how_evaluations_ended()
    {
        var id = await CreateAsync("n");
        var counters = Api.Services.GetRequiredService<EvaluationCounters>();
        counters.NextCycle();
        counters.Count(id, AlarmState.InsufficientData);
        counters.NextCycle();
        counters.Count(id, AlarmState.Alarm);
        counters.NextCycle();

        Assert.Equal(
            $$$"""{"evaluation_results":[{"alarm_id":"{{{id}}}","project_id":"p1","state_counters":{"ok":0,"insufficient data":1,"alarm":2}}]}""",
            (await Api.GetAsync("/v2/metrics", Member)).Body);
        Assert.Equal("""{"evaluation_results":[]}""", (await Api.GetAsync("/v2/metrics", Other)).Body);
    }

    private Task<Support.HttpAnswer> SetAsync(int limit, (string, string)[]? caller = null) =>
        Api.PostAsync("/v2/quotas", $$"""{"project_id": "p1", "quotas": [{"resource": "alarms", "limit": {{limit}}}]}""", caller ?? Admin);
}
