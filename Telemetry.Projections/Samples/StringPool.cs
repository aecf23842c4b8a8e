using System.Collections.Concurrent;

namespace Telemetry.Projections.Samples;

/// <summary>Every name and id that series are made of, once, with a number from 1.</summary>
internal sealed class StringPool
{
    private readonly ConcurrentDictionary<string, int> _ids = new(); // a flush asks while the projector adds
    private readonly List<string> _texts = [];

    public int Count => _texts.Count;

    public string this[int id] => id >= 1 && id <= _texts.Count ? _texts[id - 1] : throw new InvalidDataException($"The read model has no string {id}.");

    public int IdOf(string text)
    {
        if (!_ids.TryGetValue(text, out var id))
        {
            _texts.Add(text);
            id = _texts.Count;
            _ids[text] = id;
        }
        return id;
    }

    /// <summary>The one object for a text; null for null.</summary>
    public string? Share(string? text) => text is null ? null : _texts[IdOf(text) - 1];
}
