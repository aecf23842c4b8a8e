namespace Telemetry.Domain.Alarms.Evaluation;

/// <summary>Rules on load balancer members: there is no load-balancing service to ask, so nothing is known.</summary>
public static class LoadBalancerEvaluation
{
    public const string NoEndpoint = "failed to communicate with load balancing service: no load-balancing endpoint is configured";

    public static Refresh? Evaluate(Alarm alarm, LoadBalancerHealthRule rule) => alarm.State == AlarmState.InsufficientData
        ? null
        : new(AlarmState.InsufficientData, NoEndpoint, AlarmJson.Text(w =>
        {
            w.WriteStartObject();
            w.WriteString("type", LoadBalancerHealthRule.Name);
            w.WriteNull("count");
            w.WriteNull("most_recent");
            w.WriteStartArray("unhealthy_members");
            w.WriteEndArray();
            w.WriteString("pool_id", rule.PoolId);
            w.WriteString("stack_id", rule.StackId);
            w.WriteString("asg_id", rule.AutoscalingGroupId);
            w.WriteEndObject();
        }));
}
