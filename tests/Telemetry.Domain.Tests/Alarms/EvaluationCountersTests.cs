using Telemetry.Domain.Alarms;
using Telemetry.Domain.Alarms.Evaluation;

namespace Telemetry.Domain.Tests.Alarms;

public sealed class EvaluationCountersTests
{
    [Fact]
    public void A_counter_begins_at_one_again_after_its_greatest_value()
    {
        var counters = new EvaluationCounters();
        counters.Count("a", AlarmState.Ok);
        for (var i = 1; i < 5; i++)
            counters.NextCycle();
        Assert.Equal([5, 0, 0], counters.Of("a")!);

        Assert.Equal([1_999_999_999, 2_000_000_000, 1, 2], ((long[])[1, 2, 3, 4]).Select(n => EvaluationCounters.Plus(1_999_999_998, n)));
    }

    [Fact]
    public void What_ends_in_no_definite_state_counts_nowhere()
    {
        var counters = new EvaluationCounters();
        counters.Count("a", null);
        Assert.Null(counters.Of("a"));

        counters.Count("a", AlarmState.Alarm);
        counters.NextCycle();
        counters.Count("a", null);
        counters.NextCycle();

        Assert.Equal([0, 1, 0], counters.Of("a")!);
    }
}
