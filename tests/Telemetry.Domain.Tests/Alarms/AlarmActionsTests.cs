using Telemetry.Domain.Alarms;

namespace Telemetry.Domain.Tests.Alarms;

public sealed class AlarmActionsTests
{
    private static readonly AlarmCaller Member = new("u", "p", false);

    [Theory]
    [InlineData("rpc/alarms", "alarms")]
    [InlineData("rpc://alarms", "alarms")]
    [InlineData("RPC://alarms", "alarms")]
    [InlineData("notifier://?topic=alarms", "alarms")]
    [InlineData("rpc://alarms/more", null)]
    [InlineData("rpc://", null)]
    [InlineData("notifier://?topic=", null)]
    [InlineData("notifier://?topic=a&policy=drop", null)]
    [InlineData("http://rpc/alarms", null)]
    public void An_action_of_the_bus_names_its_topic(string action, string? topic) => Assert.Equal(topic, AlarmActions.TopicOf(action));

    [Theory]
    [InlineData("rpc/alarms")]
    [InlineData("rpc://alarms")]
    [InlineData("notifier://?topic=alarms")]
    public void Topics_are_refused_unless_they_are_named_by_the_settings(string action)
    {
        var refused = Assert.Throws<AlarmRefusedException>(() => AlarmActions.Check("alarm_actions", [action], Member, new()));
        Assert.Equal((Refusal.Invalid, $"Unsupported action {action}"), (refused.Reason, refused.Message));
        Assert.Throws<AlarmRefusedException>(() => AlarmActions.Check("alarm_actions", [action], Member, new() { ActionTopics = ["other"] }));

        AlarmActions.Check("alarm_actions", [action], Member, new() { ActionTopics = ["other", "alarms"] });
    }
}
