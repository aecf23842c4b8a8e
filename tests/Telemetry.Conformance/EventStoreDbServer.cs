namespace Telemetry.Conformance;

/// <summary>An EventStoreDB or KurrentDB for tests: the one that <c>TELEMETRY_TEST_EVENTSTOREDB</c> names, otherwise a stand-in. Tests share it, each under a prefix of its own.</summary>
public static class EventStoreDbServer
{
    public const string Variable = "TELEMETRY_TEST_EVENTSTOREDB";

    private static readonly Lazy<EventStoreDbStandIn> StandIn = new(() => EventStoreDbStandIn.StartAsync().GetAwaiter().GetResult());

    /// <summary>Whether a real server is tested.</summary>
    public static bool IsReal => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 };

    public static string ConnectionString => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given ? given : StandIn.Value.ConnectionString;

    /// <summary>A prefix that no other test has.</summary>
    public static string NewPrefix() => $"t{Guid.NewGuid():N}.";

    /// <summary>For the test's output: what its result is worth.</summary>
    public static string Description => IsReal
        ? $"Tested against the EventStoreDB that {Variable} names."
        : $"No EventStoreDB: a stand-in that speaks its protocol was tested against. Set {Variable}=esdb://… to test a real one.";
}
