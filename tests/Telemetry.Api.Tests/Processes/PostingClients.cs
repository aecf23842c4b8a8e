using Telemetry.Benchmarks;

namespace Telemetry.Api.Tests.Processes;

/// <summary>Four clients that post at the same time, one numbered post after the other, until they are stopped or the program is killed.</summary>
internal sealed class PostingClients : IDisposable
{
    private readonly Dictionary<int, bool> _posts = [];
    private readonly SemaphoreSlim _acknowledged = new(0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ServerProcess _server;
    private readonly List<Task> _clients;

    /// <param name="server">The one they post to.</param>
    /// <param name="first">The number of the first post.</param>
    /// <param name="post">Posts the one of a number; gives whether it was acknowledged.</param>
    public PostingClients(ServerProcess server, int first, Func<int, Task<bool>> post)
    {
        _server = server;
        _clients = [.. Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            while (!_stop.IsCancellationRequested)
            {
                int number;
                lock (_posts)
                    _posts[number = first + _posts.Count] = false;
                if (!await post(number))
                    continue;
                lock (_posts)
                    _posts[number] = true;
                _acknowledged.Release();
            }
        }))];
    }

    /// <summary>The posts by number, true once acknowledged; to be looked at when the clients have ended.</summary>
    public IReadOnlyDictionary<int, bool> Posts => _posts;

    /// <summary>Waits until so many more posts were acknowledged.</summary>
    public async Task AcknowledgedAsync(int posts)
    {
        for (; posts > 0; posts--)
            Assert.True(await _acknowledged.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken), $"Nothing is taken any more: {_server.Output}");
    }

    /// <summary>Lets each finish the post that it is at.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_clients);
    }

    /// <summary>Waits until the program, which was killed, is gone for each of them.</summary>
    public Task CutOffAsync() => Task.WhenAll(_clients.Select(client => Assert.ThrowsAsync<HttpRequestException>(() => client)));

    /// <summary>All of a post of <see cref="CrashTests.Request"/> is there or nothing of it, and all of it where it was acknowledged.</summary>
    public async Task CheckAsync(HttpClient reader)
    {
        foreach (var (post, samples) in await CrashTests.StoredAsync(reader, _posts.Keys))
            Assert.True(samples == CrashTests.SamplesAPost || (samples == 0 && !_posts[post]), $"post {post}: {samples} samples, acknowledged: {_posts[post]}");
    }

    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
        _acknowledged.Dispose();
    }
}
