namespace Telemetry.Conformance;

/// <summary>A clock that stands still until a test sets it.</summary>
public sealed class ManualTime(DateTimeOffset now) : TimeProvider
{
    public static readonly DateTimeOffset Start = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    public ManualTime() : this(Start)
    {
    }

    public DateTimeOffset Now { get; set; } = now;

    public override DateTimeOffset GetUtcNow() => Now;
}
