using Microsoft.Extensions.Logging;

namespace Telemetry.Ingest.Pipelines.Publishers;

/// <summary>All publishers of the pipelines, each made once. Safe for use by many threads.</summary>
/// <remarks>A publisher that cannot be made, and what one fails to send, is logged; the others go on. Storing is not done here.</remarks>
public sealed class PipelinePublishers : IDisposable
{
    private readonly Dictionary<PublisherUrl, IPublisher> _publishers = [];
    private readonly ILogger<PipelinePublishers> _logger;

    /// <param name="urls">Of sample and event pipelines together; the same one twice is one publisher.</param>
    public PipelinePublishers(IEnumerable<PublisherUrl> urls, PublisherFactory factory, ILogger<PipelinePublishers> logger)
    {
        _logger = logger;
        foreach (var url in urls.Distinct())
        {
            try
            {
                if (factory.Create(url) is { } publisher)
                    _publishers[url] = publisher;
            }
            catch (PublisherException e)
            {
                logger.NotMade(e, url.ToString());
            }
        }
    }

    /// <summary>Sends to every publisher of the sink but the store.</summary>
    public Task PublishAsync(PublishedSamples published, CancellationToken ct) =>
        PublishAsync(published.Sink, published.Publishers, published.Samples.Count, p => p.PublishAsync(published.Samples, ct));

    /// <summary>Sends to every publisher of the sink but the store.</summary>
    public Task PublishAsync(PublishedEvents published, CancellationToken ct) =>
        PublishAsync(published.Sink, published.Publishers, published.Events.Count, p => p.PublishAsync(published.Events, ct));

    /// <summary>Null where the publisher is the store or could not be made.</summary>
    public IPublisher? Find(PublisherUrl url) => _publishers.GetValueOrDefault(url);

    public void Dispose()
    {
        foreach (var publisher in _publishers.Values)
            (publisher as IDisposable)?.Dispose();
    }

    private async Task PublishAsync(string sink, IReadOnlyList<PublisherUrl> urls, int count, Func<IPublisher, Task> publish)
    {
        foreach (var url in urls)
        {
            if (!_publishers.TryGetValue(url, out var publisher))
                continue;
            try
            {
                await publish(publisher);
            }
            catch (PublisherException e)
            {
                _logger.NotPublished(e, count, sink, url.ToString());
            }
        }
    }
}
