using System.Text.Json;
using Telemetry.Domain.Metering;
using Telemetry.Ingest.Configuration;

namespace Telemetry.Ingest.Pipelines.Transformers;

/// <summary>The growth per second since the sample before, times the scale.</summary>
/// <remarks>
/// A cumulative volume that fell counts as growth from zero. The first sample of a meter and resource and samples out of order give
/// nothing. A scale that is a number is multiplied by the volume as well, as it is in Ceilometer; one that is a text is used alone.
/// </remarks>
internal sealed class RateOfChange(Conversion conversion) : Transformer
{
    private readonly Predecessors _before = new();

    public static RateOfChange Of(YamlValue parameters)
    {
        parameters.AllowOnly("source", "target");
        return new(Conversion.Read(parameters));
    }

    public override SampleInFlight? Handle(SampleInFlight sample, Action<string> warn)
    {
        if (_before.Exchange(sample, out var outOfOrder) is not { } before)
            return null;
        if (outOfOrder)
        {
            warn($"rate_of_change drops a sample of {sample.Series}: it is older than the one before.");
            return null;
        }
        var seconds = Predecessors.SecondsSince(before, sample);
        var growth = sample.Volume < before.Volume && sample.Series.Type == SampleType.Cumulative ? sample.Volume : sample.Volume - before.Volume;
        try
        {
            var rate = seconds > 0 ? growth / seconds : 0;
            return conversion.Apply(sample, conversion.HasScale ? rate * conversion.Scale(sample) : rate);
        }
        catch (ExpressionException e)
        {
            warn($"rate_of_change drops a sample of {sample.Series}: {e.Message}");
            return null;
        }
    }

    public override void Save(Utf8JsonWriter writer) => _before.Save(writer);

    public override void Restore(JsonElement state) => _before.Restore(state);
}
