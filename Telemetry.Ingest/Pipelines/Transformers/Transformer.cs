using System.Text.Json;
using Telemetry.Domain.Metering;
using Telemetry.Ingest.Configuration;

namespace Telemetry.Ingest.Pipelines.Transformers;

/// <summary>A step of a sink: makes other samples of those that pass, perhaps remembering some.</summary>
/// <remarks>Used by one thread at a time. Sources: ceilometer/transformer/ of release 9.0.7.</remarks>
internal abstract class Transformer
{
    /// <summary>How many series or resources a transformer remembers; beyond that it forgets those it has not seen for longest.</summary>
    public const int MaxRemembered = 1_000_000;

    /// <summary>What a sample becomes; null where it is kept back or dropped.</summary>
    /// <param name="warn">Told why a sample is dropped.</param>
    public abstract SampleInFlight? Handle(SampleInFlight sample, Action<string> warn);

    /// <summary>What is released at the end of a batch.</summary>
    public virtual IReadOnlyList<SampleInFlight> Flush(DateTimeOffset now, Action<string> warn) => [];

    /// <summary>Writes what must survive a restart, as one JSON value.</summary>
    public virtual void Save(Utf8JsonWriter writer) => writer.WriteNullValue();

    /// <summary>Takes up what <see cref="Save"/> wrote.</summary>
    public virtual void Restore(JsonElement state) { }

    /// <summary>Reads an entry of a sink's <c>transformers</c>: <c>name</c> and <c>parameters</c>.</summary>
    /// <exception cref="ConfigurationFileException">There is no such transformer, or a parameter is wrong.</exception>
    public static Transformer Read(YamlValue yaml)
    {
        yaml.AllowOnly("name", "parameters");
        var name = yaml.Required("name");
        var parameters = yaml["parameters"] ?? YamlValue.EmptyMap(yaml);
        return name.Text() switch
        {
            "accumulator" => Accumulator.Of(parameters),
            "aggregator" => Aggregator.Of(parameters),
            "arithmetic" => Arithmetic.Of(parameters),
            "delta" => Delta.Of(parameters),
            "rate_of_change" => RateOfChange.Of(parameters),
            "unit_conversion" => UnitConversion.Of(parameters),
            var other => throw name.Error($"There is no transformer '{other}'; "
                + "there are accumulator, aggregator, arithmetic, delta, rate_of_change and unit_conversion."),
        };
    }
}
