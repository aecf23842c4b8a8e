using System.Text.Json;
using Telemetry.Domain.Metering;
using Telemetry.Ingest.Configuration;

namespace Telemetry.Ingest.Pipelines.Transformers;

/// <summary>The difference to the sample before; the first one of a meter and resource and samples out of order give nothing.</summary>
/// <param name="growthOnly">Whether negative differences are dropped.</param>
internal sealed class Delta(Conversion conversion, bool growthOnly) : Transformer
{
    private readonly Predecessors _before = new();

    public static Delta Of(YamlValue parameters)
    {
        parameters.AllowOnly("source", "target", "growth_only");
        return new(Conversion.Read(parameters), parameters["growth_only"]?.Boolean() ?? false);
    }

    public override SampleInFlight? Handle(SampleInFlight sample, Action<string> warn)
    {
        if (_before.Exchange(sample, out var outOfOrder) is not { } before)
            return null;
        if (outOfOrder)
        {
            warn($"delta drops a sample of {sample.Series}: it is older than the one before.");
            return null;
        }
        var difference = sample.Volume - before.Volume;
        if (growthOnly && difference < 0)
            return null;
        try
        {
            return conversion.Apply(sample, difference, SampleType.Delta);
        }
        catch (ExpressionException e)
        {
            warn($"delta drops a sample of {sample.Series}: {e.Message}");
            return null;
        }
    }

    public override void Save(Utf8JsonWriter writer) => _before.Save(writer);

    public override void Restore(JsonElement state) => _before.Restore(state);
}
