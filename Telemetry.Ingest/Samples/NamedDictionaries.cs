using Telemetry.Domain.Audit;
using Telemetry.Domain.Metering.Compact;

namespace Telemetry.Ingest.Samples;

/// <summary>Dictionaries that senders named, for their bodies to come; bounded, and forgotten when the process ends: the sender is asked again.</summary>
/// <remarks>
/// Each sender's under its own rules (project, user, limits), so that nobody can use, or find out, what another one sent. Two generations: the
/// young one takes what is new or used again; when it holds half of the bound it becomes the old one, and the old one is forgotten.
/// </remarks>
/// <param name="maxBytes">Of what the dictionaries keep alive, about.</param>
internal sealed class NamedDictionaries(long maxBytes)
{
    private const int BytesPerEntry = 150; // a series' or a metadata's object

    private readonly Lock _lock = new();
    private Dictionary<(SampleRules, Digest), SampleDictionary> _young = [];
    private Dictionary<(SampleRules, Digest), SampleDictionary> _old = [];
    private long _bytes;

    public SampleDictionary? Find(SampleRules rules, Digest name)
    {
        lock (_lock)
        {
            if (_young.TryGetValue((rules, name), out var dictionary))
                return dictionary;
            if (_old.TryGetValue((rules, name), out dictionary))
                Add(rules, name, dictionary);
            return dictionary;
        }
    }

    public void Keep(SampleRules rules, Digest name, SampleDictionary dictionary)
    {
        lock (_lock)
            Add(rules, name, dictionary);
    }

    private void Add(SampleRules rules, Digest name, SampleDictionary dictionary)
    {
        var bytes = dictionary.Bytes + (long)BytesPerEntry * (1 + dictionary.SeriesCount + dictionary.MetadataCount);
        if (bytes > maxBytes / 2)
            return; // it would drive out all others, and itself
        if (!_young.TryAdd((rules, name), dictionary))
            return;
        _bytes += bytes;
        if (_bytes <= maxBytes / 2)
            return;
        (_young, _old) = (new() { [(rules, name)] = dictionary }, _young);
        _bytes = bytes;
    }
}
