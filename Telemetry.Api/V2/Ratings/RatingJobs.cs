using System.Collections.Concurrent;
using Telemetry.Projections.Audit;
using Telemetry.Projections.Rating;

namespace Telemetry.Api.V2.Ratings;

/// <summary>Ratings that were asked for: one runs at a time, the last hundred are remembered until the server stops.</summary>
internal sealed class RatingJobs(Rater rater, IHostApplicationLifetime lifetime) : IDisposable
{
    public const int MaxJobs = 100;

    private readonly ConcurrentQueue<RatingJob> _jobs = new();
    private readonly SemaphoreSlim _running = new(1, 1);

    /// <summary>Begins a rating as soon as those before it have ended.</summary>
    /// <exception cref="ApiException">503: too many are waiting.</exception>
    public RatingJob Start(RatingRequest request, RatingRequest? compared)
    {
        while (_jobs.Count >= MaxJobs)
        {
            if (!_jobs.TryPeek(out var oldest) || oldest.State is RatingState.Waiting or RatingState.Running)
                throw new ApiException(StatusCodes.Status503ServiceUnavailable, $"{MaxJobs} ratings are waiting; try again later.");
            _jobs.TryDequeue(out _);
        }
        var job = new RatingJob(Guid.NewGuid(), request, compared);
        _jobs.Enqueue(job);
        _ = RunAsync(job, lifetime.ApplicationStopping);
        return job;
    }

    public RatingJob? Find(Guid id) => _jobs.FirstOrDefault(j => j.Id == id);

    public void Dispose() => _running.Dispose();

    private async Task RunAsync(RatingJob job, CancellationToken ct)
    {
        try
        {
            await _running.WaitAsync(ct);
            try
            {
                await Task.Run(() => job.RunAsync(rater, ct), ct);
            }
            finally
            {
                _running.Release();
            }
        }
        catch (OperationCanceledException)
        {
            job.Fail("The server stopped.");
        }
    }
}

/// <summary>How far a rating is.</summary>
internal enum RatingState
{
    Waiting,
    Running,
    Done,
    Failed,
}

/// <summary>A rating that was asked for.</summary>
/// <param name="compared">What it is compared with; null where nothing is.</param>
internal sealed class RatingJob(Guid id, RatingRequest request, RatingRequest? compared) : IProgress<RatingProgress>
{
    private Projections.Rating.Rating? _result;
    private RatingDiff? _diff;

    public Guid Id => id;
    public RatingRequest Request => request;
    public RatingState State { get; private set; }
    public RatingProgress Progress { get; private set; }
    public string? Failure { get; private set; }

    public void Report(RatingProgress value) => Progress = value;

    /// <summary>The last position that counted, once it is done.</summary>
    public long Position => _result?.Position ?? 0;

    /// <summary>What it gave, always in the same bytes: the checkpoint is the first that covers it.</summary>
    public byte[] Output(RatingFormat format, AuditLog audit)
    {
        if (_diff is not null)
            return RatingWriter.Write(_diff, format);
        return RatingWriter.Write(_result!, format, format == RatingFormat.Json ? audit.Covering(Position)?.ToString() : null);
    }

    public void Fail(string problem) => (Failure, State) = (problem, RatingState.Failed);

    public async Task RunAsync(Rater rater, CancellationToken ct)
    {
        State = RatingState.Running;
        try
        {
            _result = await rater.RateAsync(request, this, ct);
            if (compared is not null)
                _diff = RatingDiff.Between(_result, await rater.RateAsync(compared, this, ct));
            State = RatingState.Done;
        }
#pragma warning disable CA1031 // whatever goes wrong is the job's result
        catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
        {
            Fail(e is TariffException ? e.Message : $"The rating failed: {e.Message}");
        }
    }
}
