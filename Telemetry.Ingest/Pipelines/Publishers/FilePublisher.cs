using System.Globalization;
using System.Text;
using Telemetry.Domain.Metering;
using Telemetry.Domain.TelemetryEvents;

namespace Telemetry.Ingest.Pipelines.Publishers;

/// <summary>
/// <c>file:///PATH[?json][&amp;max_bytes=N&amp;backup_count=N]</c>: a line an item, JSON or as Python prints a dict. With both limits the
/// file is renamed to <c>PATH.1</c> (and that to <c>PATH.2</c> …) before it would grow beyond the first.
/// </summary>
internal sealed class FilePublisher(PublisherUrl url) : IPublisher, IDisposable
{
    private readonly SemaphoreSlim _one = new(1);
    private readonly string _path = url.Url.LocalPath;
    private readonly bool _json = url.Option("json") is not null;
    private readonly long _maxBytes = Number(url, "max_bytes");
    private readonly long _backups = Number(url, "backup_count");

    public Task PublishAsync(IReadOnlyList<SampleInFlight> samples, CancellationToken ct) => WriteAsync(samples.Select(PublishedText.Json), ct);

    public Task PublishAsync(IReadOnlyList<TelemetryEvent> events, CancellationToken ct) => WriteAsync(events.Select(PublishedText.Json), ct);

    public void Dispose() => _one.Dispose();

    private async Task WriteAsync(IEnumerable<byte[]> items, CancellationToken ct)
    {
        await _one.WaitAsync(ct);
        try
        {
            foreach (var item in items)
            {
                byte[] line = [.. _json ? item : Encoding.UTF8.GetBytes(PublishedText.Python(item)), (byte)'\n'];
                Rotate(line.Length);
                await File.AppendAllBytesAsync(_path, line, ct);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PublisherException($"{url}: {e.Message}", e);
        }
        finally
        {
            _one.Release();
        }
    }

    private void Rotate(int more)
    {
        if (_maxBytes <= 0 || _backups <= 0 || new FileInfo(_path) is not { Exists: true, Length: var length } || length + more <= _maxBytes)
            return;
        for (var n = _backups - 1; n > 0; n--)
        {
            if (File.Exists($"{_path}.{n}"))
                File.Move($"{_path}.{n}", $"{_path}.{n + 1}", overwrite: true);
        }
        File.Move(_path, $"{_path}.1", overwrite: true);
    }

    private static long Number(PublisherUrl url, string option) =>
        long.TryParse(url.Option(option), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
}
