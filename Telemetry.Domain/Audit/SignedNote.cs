using System.Buffers.Binary;
using System.Text;

namespace Telemetry.Domain.Audit;

/// <summary>A signature below a note.</summary>
/// <param name="KeyName">Who signed: not empty, without spaces or plus.</param>
/// <param name="KeyId">Tells the keys of one name apart.</param>
/// <param name="Bytes">What the key's kind of signature says; at least one byte.</param>
public sealed record NoteSignature(string KeyName, uint KeyId, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>The line of a note, without its end.</summary>
    public override string ToString()
    {
        var bytes = new byte[4 + Bytes.Length];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, KeyId);
        Bytes.Span.CopyTo(bytes.AsSpan(4));
        return $"— {KeyName} {Convert.ToBase64String(bytes)}";
    }
}

/// <summary>A text with the signatures of one or more keys: what checkpoints and cosignatures travel in.</summary>
/// <remarks>Source: C2SP signed-note. Nothing in the text may be believed before <see cref="Verify"/>.</remarks>
public sealed class SignedNote
{
    /// <summary>Larger notes are refused, as by golang.org/x/mod/sumdb/note.</summary>
    public const int MaxLength = 1_000_000;

    /// <summary>The most signatures that are read.</summary>
    public const int MaxSignatures = 100;

    /// <param name="text">Ends with a line feed.</param>
    /// <exception cref="FormatException">The text has no end of line, or has control characters.</exception>
    public SignedNote(string text, IReadOnlyList<NoteSignature> signatures)
    {
        if (!text.EndsWith('\n') || text.Any(c => c < ' ' && c != '\n'))
            throw new FormatException("A note's text ends with a line feed and has no other control character.");
        Text = text;
        Signatures = signatures;
    }

    /// <summary>What is signed, with its last line feed.</summary>
    public string Text { get; }

    public IReadOnlyList<NoteSignature> Signatures { get; }

    /// <summary>Reads a note in its text form.</summary>
    /// <exception cref="FormatException">It is no signed note; the message says why.</exception>
    public static SignedNote Parse(string note)
    {
        if (note.Length > MaxLength)
            throw new FormatException($"A note has at most {MaxLength} characters, not {note.Length}.");
        var split = note.LastIndexOf("\n\n", StringComparison.Ordinal);
        if (split < 0 || split + 2 == note.Length || !note.EndsWith('\n'))
            throw new FormatException("A note is a text, an empty line, and lines of signatures, each ended by a line feed.");
        var lines = note[(split + 2)..^1].Split('\n');
        if (lines.Length > MaxSignatures)
            throw new FormatException($"A note has at most {MaxSignatures} signatures, not {lines.Length}.");
        return new(note[..(split + 1)], [.. lines.Select(ParseSignature)]);
    }

    /// <summary>The same text with one more signature; one by the same key is replaced.</summary>
    public SignedNote With(NoteSignature signature) =>
        new(Text, [.. Signatures.Where(s => s.KeyName != signature.KeyName || s.KeyId != signature.KeyId), signature]);

    /// <summary>The signatures by known keys; those by others are passed over.</summary>
    /// <exception cref="NoteException">No known key signed, or a known key's signature is wrong.</exception>
    public IReadOnlyList<NoteSignature> Verify(params IReadOnlyCollection<NoteVerifier> known)
    {
        var verified = new List<NoteSignature>();
        foreach (var signature in Signatures)
        {
            if (known.FirstOrDefault(k => k.KeyName == signature.KeyName && k.KeyId == signature.KeyId) is not { } key)
                continue;
            if (!key.Verify(Text, signature.Bytes.Span))
                throw new NoteException($"The signature by {signature.KeyName} ({signature.KeyId:x8}) is wrong.");
            verified.Add(signature);
        }
        return verified.Count > 0
            ? verified
            : throw new NoteException($"None of the known keys ({string.Join(", ", known.Select(k => $"{k.KeyName} {k.KeyId:x8}"))}) signed the note.");
    }

    /// <summary>Whether a text may name a key.</summary>
    internal static bool IsKeyName(string name) => name.Length > 0 && !name.Any(c => char.IsWhiteSpace(c) || c == '+' || char.IsControl(c));

    /// <summary>The note in its text form.</summary>
    public override string ToString()
    {
        var note = new StringBuilder(Text).Append('\n');
        foreach (var signature in Signatures)
            note.Append(signature).Append('\n');
        return note.ToString();
    }

    private static NoteSignature ParseSignature(string line)
    {
        var parts = line.Split(' ');
        var bytes = new byte[line.Length];
        if (parts is not ["—", var name, var base64] || !IsKeyName(name)
            || !Convert.TryFromBase64String(base64, bytes, out var length) || length < 5)
            throw new FormatException($"'{line}' is no signature: it is an em dash, a key's name and base 64.");
        return new(name, BinaryPrimitives.ReadUInt32BigEndian(bytes), bytes.AsMemory(4, length - 4));
    }
}

/// <summary>A note cannot be believed.</summary>
public sealed class NoteException(string message) : Exception(message);
