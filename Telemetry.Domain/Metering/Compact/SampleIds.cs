using System.Text;

namespace Telemetry.Domain.Metering.Compact;

/// <summary>The senders' message ids: 16 bytes a sample in the order of the UUID's text, and the few that are no UUIDs as text.</summary>
internal static class SampleIds
{
    public static BatchFlags FlagsOf(SampleBatch batch)
    {
        var flags = batch.Signatures is null ? BatchFlags.None : BatchFlags.Signatures;
        if (batch.MessageIds is not { } ids)
            return flags;
        if (ids.Uuids.ContainsAnyExcept(Guid.Empty))
            flags |= BatchFlags.Uuids;
        return ids.Others.Count > 0 ? flags | BatchFlags.TextIds : flags;
    }

    public static void Write(ByteWriter body, SampleBatch batch, BatchFlags flags)
    {
        if (flags.HasFlag(BatchFlags.Uuids))
        {
            var uuids = batch.MessageIds!.Uuids;
            var bytes = body.Reserve(16 * uuids.Length);
            for (var i = 0; i < uuids.Length; i++)
                uuids[i].TryWriteBytes(bytes[(16 * i)..], bigEndian: true, out _);
            body.Advance(16 * uuids.Length);
        }
        if (!flags.HasFlag(BatchFlags.TextIds))
            return;
        var others = batch.MessageIds!.Others;
        body.Varint((ulong)others.Count);
        var previous = -1;
        foreach (var (index, id) in others.OrderBy(o => o.Key))
        {
            body.Varint((ulong)(index - previous - 1));
            Utf8Text.Write(body, id);
            previous = index;
        }
    }

    /// <summary>Null where no sample has an id.</summary>
    public static MessageIds? Read(ref ByteReader body, in BatchHead head)
    {
        if ((head.Flags & (BatchFlags.Uuids | BatchFlags.TextIds)) == 0)
            return null;
        var uuids = new Guid[head.Count];
        if (head.Flags.HasFlag(BatchFlags.Uuids))
        {
            var bytes = body.Bytes(16 * head.Count);
            for (var i = 0; i < uuids.Length; i++)
                uuids[i] = new Guid(bytes.Slice(16 * i, 16), bigEndian: true);
        }
        return head.Flags.HasFlag(BatchFlags.TextIds) ? new MessageIds(uuids, ReadTexts(ref body, head.Count)) : new MessageIds(uuids);
    }

    private static Dictionary<int, string> ReadTexts(ref ByteReader body, int count)
    {
        var left = body.Count(Math.Min(count, body.Remaining / 2), "text ids");
        var texts = new Dictionary<int, string>(left);
        for (var index = -1; left > 0; left--)
        {
            index += body.Count(count - index - 2, "samples between text ids") + 1;
            texts.Add(index, Encoding.UTF8.GetString(Utf8Text.Read(ref body, MessageIds.MaxLength)));
        }
        return texts;
    }
}
