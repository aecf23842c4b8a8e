using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;

namespace Telemetry.Api.CommandLine;

/// <summary>Some samples of a file, ready to be sent.</summary>
/// <param name="Json">A JSON list of the samples, as they stand in the file.</param>
/// <param name="Key">Follows from this part of the file and everything before it: the same file gives the same keys again.</param>
/// <param name="First">The number of the first sample in the file, from 0.</param>
/// <param name="Count">How many samples.</param>
/// <param name="BytesRead">How far into the file this part reaches.</param>
internal sealed record SamplePart(ReadOnlyMemory<byte> Json, string Key, long First, int Count, long BytesRead);

/// <summary>Reads a JSON list or NDJSON of objects in parts, without holding more than one part.</summary>
internal static class SampleFile
{
    private const int MaxSampleBytes = 16 << 20;

    /// <exception cref="FormatException">The file is not such JSON; the message says where.</exception>
    public static async IAsyncEnumerable<SamplePart> ReadAsync(Stream file, int samplesAPart)
    {
        var splitter = new Splitter(samplesAPart);
        var buffer = new byte[1 << 20];
        var filled = 0;
        for (var end = false; !end;)
        {
            if (filled == buffer.Length)
            {
                if (filled >= MaxSampleBytes)
                    throw new FormatException($"The sample at byte {splitter.BytesRead} is longer than {MaxSampleBytes} bytes.");
                Array.Resize(ref buffer, buffer.Length * 2);
            }
            var read = await file.ReadAsync(buffer.AsMemory(filled));
            end = read == 0;
            filled += read;
            var consumed = splitter.Take(buffer.AsSpan(0, filled), end);
            buffer.AsSpan(consumed, filled - consumed).CopyTo(buffer);
            filled -= consumed;
            while (splitter.Parts.TryDequeue(out var part))
                yield return part;
        }
    }

    private sealed class Splitter(int samplesAPart)
    {
        private readonly ArrayBufferWriter<byte> _part = new();
        private JsonReaderState _state = new(new JsonReaderOptions { AllowMultipleValues = true });
        private byte[] _chain = new byte[32];
        private bool _list;
        private int _count;
        private long _first;

        public Queue<SamplePart> Parts { get; } = new();
        public long BytesRead { get; private set; }

        /// <summary>Takes whole samples from the front of the bytes, and says how many bytes they were.</summary>
        public int Take(ReadOnlySpan<byte> bytes, bool end)
        {
            var reader = new Utf8JsonReader(bytes, end, _state);
            var consumed = 0;
            try
            {
                while (Next(ref reader, bytes))
                {
                    consumed = (int)reader.BytesConsumed;
                    _state = reader.CurrentState;
                    if (_count == samplesAPart)
                        Complete(BytesRead + consumed);
                }
            }
            catch (JsonException e)
            {
                throw new FormatException($"Not JSON after byte {BytesRead + consumed} (sample {_first + _count}): {e.Message}", e);
            }
            BytesRead += consumed;
            if (end)
                Complete(BytesRead);
            return consumed;
        }

        /// <summary>Reads up to the end of the next sample or bracket; false where more bytes are needed or none are left.</summary>
        private bool Next(ref Utf8JsonReader reader, ReadOnlySpan<byte> bytes)
        {
            if (!reader.Read())
                return false;
            switch (reader.TokenType)
            {
                case JsonTokenType.StartArray when reader.CurrentDepth == 0 && !_list && _first + _count == 0:
                    return _list = true;
                case JsonTokenType.EndArray when reader.CurrentDepth == 0:
                    return true;
                case JsonTokenType.StartObject:
                    var start = (int)reader.TokenStartIndex;
                    if (!reader.TrySkip())
                        return false;
                    _part.Write(_count++ == 0 ? "["u8 : ","u8);
                    _part.Write(bytes[start..(int)reader.BytesConsumed]);
                    return true;
                default:
                    throw new JsonException($"a sample is an object, not {reader.TokenType}.");
            }
        }

        private void Complete(long bytesRead)
        {
            if (_count == 0)
                return;
            _part.Write("]"u8);
            _chain = SHA256.HashData([.. _chain, .. _part.WrittenSpan]);
            Parts.Enqueue(new(_part.WrittenSpan.ToArray(), Convert.ToHexStringLower(_chain), _first, _count, bytesRead));
            _part.ResetWrittenCount();
            _first += _count;
            _count = 0;
        }
    }
}
