using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Telemetry.Projections.Rating;

internal static class ReadingAhead
{
    /// <summary>Goes on reading on another thread while what was read is used, by at most so many items; what is read stays the same.</summary>
    public static async IAsyncEnumerable<T> AheadAsync<T>(this IAsyncEnumerable<T> source, int most, [EnumeratorCancellation] CancellationToken ct = default)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var read = Channel.CreateBounded<T>(new BoundedChannelOptions(most) { SingleReader = true, SingleWriter = true });
        var reading = Task.Run(() => ReadAsync(source, read.Writer, stop.Token), CancellationToken.None);
        try
        {
            await foreach (var item in read.Reader.ReadAllAsync(ct))
                yield return item;
        }
        finally
        {
            await stop.CancelAsync();
            await reading;
        }
    }

    private static async Task ReadAsync<T>(IAsyncEnumerable<T> source, ChannelWriter<T> read, CancellationToken ct)
    {
        try
        {
            await foreach (var item in source.WithCancellation(ct))
                await read.WriteAsync(item, ct);
            read.Complete();
        }
#pragma warning disable CA1031 // whatever it is, the reader gets it
        catch (Exception e)
#pragma warning restore CA1031
        {
            read.TryComplete(e);
        }
    }
}
