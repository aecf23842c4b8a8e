using System.Security.Cryptography;
using System.Text;

namespace Telemetry.Ingest.Tests.Samples;

/// <summary>Writes the compact body as docs/compact-format.md describes it, in the simplest way and with none of the product's code: what a stranger would write.</summary>
internal sealed class ReferenceWriter
{
    private readonly List<string> _texts = [];
    private readonly List<(int Meter, byte Type, int Unit, int Resource, int Project, int User, int Source)> _series = [];
    private readonly List<string> _metadata = [];
    private readonly List<(int Series, int Metadata, long Timestamp, double Volume)> _samples = [];

    public ReferenceWriter Add(
        string meter, byte type, string? unit, string resource, string? project, string? user, string source, string metadata, long timestamp, double volume)
    {
        var series = Number(_series, (Number(_texts, meter), type, Optional(unit), Number(_texts, resource), Optional(project), Optional(user), Number(_texts, source)));
        _samples.Add((series, Number(_metadata, metadata), timestamp, volume));
        return this;
    }

    /// <summary>A body with its dictionary; with its name too where the reader is to keep it.</summary>
    public byte[] Write(bool named = false)
    {
        var dictionary = Dictionary();
        return named
            ? Body(flags: 1 + 32, SHA256.HashData(dictionary), [.. dictionary, .. Columns()])
            : Body(flags: 1, [], [.. dictionary, .. Columns()]);
    }

    /// <summary>A body that leaves its dictionary out.</summary>
    public byte[] WriteReferring() => Body(flags: 32, SHA256.HashData(Dictionary()), Columns());

    private byte[] Body(byte flags, byte[] name, byte[] block)
    {
        var body = new List<byte> { 1, flags }; // version 1; nothing packed
        Unsigned(body, _samples.Count);
        Unsigned(body, block.Length);
        return [.. body, .. name, .. block];
    }

    private byte[] Dictionary()
    {
        var keys = new List<byte>();
        Unsigned(keys, _texts.Count);
        _texts.ForEach(t => Text(keys, t));
        Unsigned(keys, _series.Count);
        foreach (var (meter, type, unit, resource, project, user, source) in _series)
        {
            Unsigned(keys, meter);
            keys.Add(type);
            foreach (var number in new[] { unit, resource, project, user, source })
                Unsigned(keys, number);
        }
        var metadata = new List<byte>();
        Unsigned(metadata, _metadata.Count);
        _metadata.ForEach(m => Text(metadata, m));
        var both = new List<byte>();
        Unsigned(both, keys.Count);
        both.AddRange(keys);
        Unsigned(both, metadata.Count);
        both.AddRange(metadata);
        return [.. both];
    }

    private byte[] Columns()
    {
        var block = new List<byte>();
        if (_samples.Count > 0)
            WriteColumns(block);
        return [.. block];
    }

    private void WriteColumns(List<byte> block)
    {
        var previous = -1;
        foreach (var sample in _samples)
        {
            Signed(block, sample.Series - previous - 1);
            previous = sample.Series;
        }
        Unsigned(block, _samples.Count); // a run of one for each sample
        _samples.ForEach(_ => Unsigned(block, 0));
        previous = -1;
        foreach (var sample in _samples)
        {
            Signed(block, sample.Metadata - previous - 1);
            previous = sample.Metadata;
        }
        block.Add(1); // microseconds
        Signed(block, _samples[0].Timestamp);
        for (var i = 1; i < _samples.Count; i++)
            Signed(block, _samples[i].Timestamp - _samples[i - 1].Timestamp);
        _samples.ForEach(_ => block.Add(255)); // every volume as a double
        _samples.ForEach(s => block.AddRange(BitConverter.GetBytes(s.Volume)));
    }

    private int Optional(string? text) => text is null ? 0 : Number(_texts, text) + 1;

    private static int Number<T>(List<T> list, T item)
    {
        if (!list.Contains(item))
            list.Add(item);
        return list.IndexOf(item);
    }

    private static void Text(List<byte> output, string text)
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        Unsigned(output, utf8.Length);
        output.AddRange(utf8);
    }

    private static void Signed(List<byte> output, long number) => Varint(output, (ulong)((number << 1) ^ (number >> 63)));

    private static void Unsigned(List<byte> output, int number) => Varint(output, (ulong)number);

    private static void Varint(List<byte> output, ulong number)
    {
        for (; number >= 0x80; number >>= 7)
            output.Add((byte)(number | 0x80));
        output.Add((byte)number);
    }
}
