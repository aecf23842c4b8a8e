using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Telemetry.Ingest.Pipelines;

/// <summary>Keeps what transformers remember in a file, so that rates and differences go on after a restart.</summary>
/// <remarks>
/// The file is replaced as a whole: after a crash it is the old or the new one. What is saved less often than samples are
/// stored is behind after a crash; a rate then spans the time since, and is right for it.
/// </remarks>
public sealed class PipelineStateFile(string path, ILogger<PipelineStateFile> logger)
{
    /// <summary>Takes up what the file holds; a file that is missing or cannot be read changes nothing.</summary>
    public void Load(SamplePipelines pipelines)
    {
        if (!File.Exists(path))
            return;
        try
        {
            pipelines.Restore(File.ReadAllBytes(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            logger.StateUnreadable(e, path);
        }
    }

    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(SamplePipelines pipelines)
    {
        if (!pipelines.Remembers)
            return;
        var next = $"{path}.new";
        using (var file = new FileStream(next, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            file.Write(pipelines.Save());
            file.Flush(flushToDisk: true);
        }
        File.Move(next, path, overwrite: true);
    }
}
