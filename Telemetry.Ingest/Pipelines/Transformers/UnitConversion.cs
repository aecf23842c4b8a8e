using Telemetry.Domain.Metering;
using Telemetry.Ingest.Configuration;

namespace Telemetry.Ingest.Pipelines.Transformers;

/// <summary>Scales volumes of a given unit, or of any; samples of other units pass as they are.</summary>
internal sealed class UnitConversion(Conversion conversion) : Transformer
{
    public static UnitConversion Of(YamlValue parameters)
    {
        parameters.AllowOnly("source", "target");
        return new(Conversion.Read(parameters));
    }

    public override SampleInFlight? Handle(SampleInFlight sample, Action<string> warn)
    {
        if (conversion.SourceUnit is not null && conversion.SourceUnit != sample.Series.Unit)
            return sample;
        try
        {
            return conversion.Apply(sample, conversion.Scale(sample));
        }
        catch (ExpressionException e)
        {
            warn($"unit_conversion drops a sample of {sample.Series}: {e.Message}");
            return null;
        }
    }
}
