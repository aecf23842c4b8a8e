using System.Text;
using System.Text.Json;
using Telemetry.Domain.Audit;

namespace Telemetry.Domain.Metering.Compact;

/// <summary>The dictionary that travels with a batch: texts, the series made of them, and metadata, each numbered from 0.</summary>
internal sealed class BatchDictionary : ISampleNumbers
{
    private readonly Dictionary<string, int> _textIds = new(StringComparer.Ordinal);
    private readonly Dictionary<SeriesKey, int> _seriesIds = [];
    private readonly Dictionary<Metadata, int> _metadataIds = [];

    public int IdOf(SeriesKey series) => NumberOf(_seriesIds, series);

    public int IdOf(Metadata metadata) => NumberOf(_metadataIds, metadata);

    // Dictionaries that only grow enumerate in the order in which keys were added.
    public void Write(ByteWriter block)
    {
        using var series = new ByteWriter();
        foreach (var key in _seriesIds.Keys)
        {
            series.Varint((ulong)Text(key.Meter));
            series.Byte((byte)key.Type);
            series.Varint(Optional(key.Unit));
            series.Varint((ulong)Text(key.ResourceId));
            series.Varint(Optional(key.ProjectId));
            series.Varint(Optional(key.UserId));
            series.Varint((ulong)Text(key.Source));
        }
        using var keys = new ByteWriter();
        keys.Varint((ulong)_textIds.Count);
        foreach (var text in _textIds.Keys)
            Utf8Text.Write(keys, text);
        keys.Varint((ulong)_seriesIds.Count);
        keys.Bytes(series.Written);
        WriteSection(block, keys);

        using var metadata = new ByteWriter();
        metadata.Varint((ulong)_metadataIds.Count);
        foreach (var version in _metadataIds.Keys)
        {
            metadata.Varint((ulong)version.Utf8.Length);
            metadata.Bytes(version.Utf8.Span);
        }
        WriteSection(block, metadata);
    }

    /// <summary>Reads both sections, or finds them as an earlier batch had them: an agent sends the same ones with every poll.</summary>
    public static ISampleCatalog Read(ref ByteReader block, (BatchHead Head, SampleBatchLimits Limits, ISampleInterner? Interner) settings)
    {
        var (head, limits, interner) = settings;
        if (!head.Flags.HasFlag(BatchFlags.SelfContained))
        {
            return interner is null
                ? throw block.Fault("it refers to a dictionary, and none are kept")
                : interner.FindDictionary(head.Dictionary!.Value) ?? throw new UnknownDictionaryException(head.Dictionary!.Value);
        }
        var all = block.Rest;
        var keys = block.Bytes(block.Count(block.Remaining, "bytes of texts and series"));
        if (interner?.FindSeries(keys) is not { } series)
        {
            var reader = new ByteReader(keys, "series of the block");
            series = ReadSeries(ref reader, ReadTexts(ref reader, interner), interner);
            reader.End();
            interner?.AddSeries(keys, series);
        }
        var versions = block.Bytes(block.Count(block.Remaining, "bytes of metadata"));
        if (interner?.FindMetadata(versions) is not { } metadata)
        {
            var reader = new ByteReader(versions, "metadata of the block");
            metadata = ReadMetadata(ref reader, limits, interner);
            reader.End();
            interner?.AddMetadata(versions, metadata);
        }
        var bytes = all.Length - block.Remaining;
        var dictionary = new SampleDictionary(series, metadata, bytes);
        if (head.Dictionary is { } name)
        {
            if (Digest.Of(all[..bytes]) != name)
                throw block.Fault("the dictionary is not the one that it is named as");
            interner?.KeepDictionary(name, dictionary);
        }
        return dictionary;
    }

    private static void WriteSection(ByteWriter block, ByteWriter section)
    {
        block.Varint((ulong)section.Written.Length);
        block.Bytes(section.Written);
    }

    private static string[] ReadTexts(ref ByteReader keys, ISampleInterner? interner)
    {
        var texts = new string[keys.Count(keys.Remaining, "texts")];
        for (var i = 0; i < texts.Length; i++)
        {
            var utf8 = Utf8Text.Read(ref keys, SeriesKey.MaxLength);
            texts[i] = interner?.Text(utf8) ?? Encoding.UTF8.GetString(utf8);
        }
        return texts;
    }

    private static SeriesKey[] ReadSeries(ref ByteReader block, string[] texts, ISampleInterner? interner)
    {
        var series = new SeriesKey[block.Count(block.Remaining / 7, "series")];
        for (var i = 0; i < series.Length; i++)
        {
            var meter = Text(ref block, texts);
            var type = block.Byte();
            if (type > (byte)SampleType.Cumulative)
                throw block.Fault($"type {type} of series {i} is not known");
            var (unit, resource) = (OptionalText(ref block, texts), Text(ref block, texts));
            var (project, user, source) = (OptionalText(ref block, texts), OptionalText(ref block, texts), Text(ref block, texts));
            series[i] = interner?.Series(meter, (SampleType)type, unit, resource, project, user, source)
                ?? new SeriesKey(meter, (SampleType)type, unit, resource, project, user, source);
        }
        return series;
    }

    private static Metadata[] ReadMetadata(ref ByteReader block, SampleBatchLimits limits, ISampleInterner? interner)
    {
        var metadata = new Metadata[block.Count(block.Remaining / 3, "metadata")];
        for (var i = 0; i < metadata.Length; i++)
        {
            var json = block.Bytes(block.Count(limits.MaxMetadataBytes, "bytes of metadata"));
            try
            {
                metadata[i] = interner?.Metadata(json) ?? Metering.Metadata.Parse(json);
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
            {
                throw block.Fault($"metadata {i} is no JSON object", e);
            }
        }
        return metadata;
    }

    private static string Text(ref ByteReader block, string[] texts) => texts[block.Count(texts.Length - 1, "as the number of a text")];

    private static string? OptionalText(ref ByteReader block, string[] texts) =>
        block.Count(texts.Length, "as the number of a text, plus one,") is var id and > 0 ? texts[id - 1] : null;

    private int Text(string text) => NumberOf(_textIds, text);

    private ulong Optional(string? text) => text is null ? 0 : (ulong)Text(text) + 1;

    private static int NumberOf<T>(Dictionary<T, int> ids, T value) where T : notnull
    {
        if (!ids.TryGetValue(value, out var id))
            ids.Add(value, id = ids.Count);
        return id;
    }
}
