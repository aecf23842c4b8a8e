using System.Runtime.CompilerServices;
using Telemetry.Domain.Streams;

namespace Telemetry.Ingest.EventStores.Sqlite;

internal sealed partial class SqliteEventStore
{
    public async IAsyncEnumerable<RecordedEvent> SubscribeAsync(long after, [EnumeratorCancellation] CancellationToken ct)
    {
        while (true)
        {
            // The bulk from the file, then what was committed meanwhile while the queue already collects: nothing falls between.
            await foreach (var e in ReadAllAsync(after, ct).ConfigureAwait(false))
            {
                yield return e;
                after = e.Position;
            }
            var queue = _feed.Join();
            try
            {
                await foreach (var e in ReadAllAsync(after, ct).ConfigureAwait(false))
                {
                    yield return e;
                    after = e.Position;
                }
                await foreach (var e in queue.Reader.ReadAllAsync(ct).ConfigureAwait(false))
                {
                    if (e.Position <= after)
                        continue;
                    yield return e;
                    after = e.Position;
                }
            }
            finally
            {
                _feed.Leave(queue);
            }
            Log.SubscriberOverrun(_logger, after);
        }
    }
}
