using Microsoft.Extensions.Logging;
using Telemetry.Projections.Running;
using Telemetry.Projections.Stores;

namespace Telemetry.Projections.Samples;

/// <summary>Samples, meters, resources and statistics: what the metering reader answers from.</summary>
/// <param name="step">Called before each step of a flush: tests stop there.</param>
internal sealed class SampleProjection(IReadModelStore store, ProjectionsOptions options, ILogger<SampleProjection> log, Action<string>? step = null)
    : StoredProjection<SampleModel>(store, ProjectionName, CurrentVersion, options.FlushSamples, log)
{
    public const string ProjectionName = "samples";
    private const int CurrentVersion = 1;

    private readonly IReadModelStore _store = store;

    /// <summary>Begins to read the live generation.</summary>
    public SampleModel.Reading Read()
    {
        while (true)
        {
            if (Model.TryRead() is { } reading)
                return reading; // else it was replaced this moment
        }
    }

    protected override SampleModel NewModel(Generation generation) => new(_store.SampleTables(generation, step), options.CacheBytes);
}
