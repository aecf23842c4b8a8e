using System.Runtime.CompilerServices;
using Telemetry.Domain.Streams;

namespace Telemetry.Ingest.EventStores.Postgres;

internal sealed partial class PostgresEventStore
{
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(1);

    public async IAsyncEnumerable<RecordedEvent> SubscribeAsync(long after, [EnumeratorCancellation] CancellationToken ct)
    {
        while (true)
        {
            // The bulk from the table, then what was committed meanwhile while the queue already collects: nothing falls between.
            await foreach (var e in ReadPatientlyAsync(after, ct).ConfigureAwait(false))
            {
                yield return e;
                after = e.Position;
            }
            var queue = _feed.Join();
            try
            {
                await foreach (var e in ReadPatientlyAsync(after, ct).ConfigureAwait(false))
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

    /// <summary>What was stored at the call, as <see cref="ReadAllAsync"/>; where the database does not answer, it waits until it does.</summary>
    private async IAsyncEnumerable<RecordedEvent> ReadPatientlyAsync(long after, [EnumeratorCancellation] CancellationToken ct)
    {
        var to = await PatientlyAsync(() => HeadAsync(ct), ct).ConfigureAwait(false);
        while (after < to)
        {
            var page = await PatientlyAsync(() => AllAsync(after, to, ct), ct).ConfigureAwait(false);
            if (page.Count == 0)
                yield break;
            foreach (var e in page)
            {
                ct.ThrowIfCancellationRequested();
                yield return e;
            }
            after = page[^1].Position;
        }
    }

    private async Task<T> PatientlyAsync<T>(Func<Task<T>> ask, CancellationToken ct)
    {
        while (true)
        {
            try
            {
                return await ask().ConfigureAwait(false);
            }
            catch (EventStoreBusyException e)
            {
                Log.FollowingInterrupted(_logger, e);
                await Task.Delay(AskAgainAfter, ct).ConfigureAwait(false);
            }
        }
    }
}
