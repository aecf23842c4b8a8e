using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Telemetry.Domain.Metering;

namespace Telemetry.Ingest.Samples;

internal sealed partial class SampleParser
{
    // Every UTF-16 unit may be written as \uXXXX; what is longer than that is too long whatever it says.
    private const int MaxRawLength = 6 * SeriesKey.MaxLength;
    private const int NullLength = ushort.MaxValue;

    private readonly ByteTable<SeriesKey> _series = new(maxBytes: 32 << 20);
    private readonly ByteTable<MetadataForms> _messageMetadata = new(maxBytes: 32 << 20);
    private readonly ByteTable<MetadataForms> _meterMetadata = new(maxBytes: 4 << 20);
    private readonly byte[] _key = new byte[1 + 7 * (2 + MaxRawLength)];
    private readonly SampleSignatures _signatures = new(secrets);
    private int _signed;
    private byte[]? _defaultProject;
    private byte[]? _defaultUser;
    private (int Start, int Length, MetadataForms Forms) _lastMetadata;

    private void BeginValidation()
    {
        _defaultProject = _rules.DefaultProjectId is { } project ? Encoding.UTF8.GetBytes(project) : null;
        _defaultUser = _rules.DefaultUserId is { } user ? Encoding.UTF8.GetBytes(user) : null;
    }

    private FieldToken this[SampleField field] => _tokens[(int)field];

    /// <summary>Checks the sample that was read, in the order of Ceilometer's checks, and adds it to the columns.</summary>
    /// <param name="sample">Its object.</param>
    private void Validate(ReadOnlySpan<byte> body, ReadOnlySpan<byte> sample)
    {
        // A series that is known was found good when it was met first.
        var key = SeriesBytes(body);
        var series = key.IsEmpty ? null : _series.Find(key);
        if (series is null)
            CheckPresence(body);
        var volume = Volume(body);
        var timestamp = Timestamp(body, out var offsetMinutes);
        var metadata = MetadataOf(body);
        CheckSignature(body, sample, metadata);
        if (_rules.Meter is { } meter)
            CheckMeterContract(body, meter, series);
        series ??= AddSeries(body, key);
        if (!_rules.Allows(series))
            throw new SampleFaultException(new(
                SampleFaultKind.Invalid, _index, SampleField.ProjectId.Name(), series.ProjectId, "can not post samples to other projects"));
        if (this[SampleField.CounterVolume].Type == JsonTokenType.Null)
        {
            _dropped++;
            return;
        }
        _columns.Add(series, timestamp, offsetMinutes, volume, metadata);
        AddMessageId(body);
        AddSignature(body);
    }

    /// <summary>The bytes by which a series is recognised; empty where a field is no text or too long to be right.</summary>
    private ReadOnlySpan<byte> SeriesBytes(ReadOnlySpan<byte> body)
    {
        var key = _key;
        key[0] = (byte)(_rules.Meter is null ? 0 : 1); // the source is stored differently
        var end = 1;
        return Put(body, this[SampleField.CounterName], ref end) && Put(body, this[SampleField.CounterType], ref end)
            && Put(body, this[SampleField.CounterUnit], ref end) && Put(body, this[SampleField.ResourceId], ref end)
            && PutOr(body, this[SampleField.ProjectId], _defaultProject, ref end) && PutOr(body, this[SampleField.UserId], _defaultUser, ref end)
            && Put(body, this[SampleField.Source], ref end)
            && !this[SampleField.CounterUnit].IsAbsent ? key.AsSpan(0, end) : default;
    }

    private bool PutOr(ReadOnlySpan<byte> body, FieldToken token, byte[]? otherwise, ref int end)
    {
        if (!IsUnset(token))
            return Put(body, token, ref end);
        if (otherwise is null || IsNobody(token))
            return Put(body, default, ref end);
        if (otherwise.Length > MaxRawLength)
            return false;
        BinaryPrimitives.WriteUInt16LittleEndian(_key.AsSpan(end), (ushort)otherwise.Length);
        otherwise.CopyTo(_key, end + 2);
        end += 2 + otherwise.Length;
        return true;
    }

    private bool Put(ReadOnlySpan<byte> body, FieldToken token, ref int end)
    {
        if (token.IsNullOrAbsent)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(_key.AsSpan(end), NullLength);
            end += 2;
            return true;
        }
        var length = token.Length - 2;
        if (token.Type != JsonTokenType.String || length > MaxRawLength)
            return false;
        BinaryPrimitives.WriteUInt16LittleEndian(_key.AsSpan(end), (ushort)length);
        body.Slice(token.Start + 1, length).CopyTo(_key.AsSpan(end + 2));
        end += 2 + length;
        return true;
    }

    private void CheckPresence(ReadOnlySpan<byte> body)
    {
        for (var field = SampleField.Source; field <= SampleField.ResourceId; field++)
        {
            var token = this[field];
            var missing = field switch
            {
                // A null name is another meter's to Ceilometer, a null type an unknown one; it checks these later.
                SampleField.CounterName => _rules.Meter is null ? token.IsNullOrAbsent : token.IsAbsent,
                SampleField.CounterType or SampleField.CounterUnit => token.IsAbsent,
                SampleField.CounterVolume => token.IsAbsent,
                SampleField.ResourceId => token.IsNullOrAbsent,
                _ => false,
            };
            if (missing)
                throw Fault(SampleFaultKind.Missing, field, body, "Mandatory field missing.");
            if (field != SampleField.CounterVolume && !token.IsNullOrAbsent && token.Type != JsonTokenType.String)
                throw Fault(SampleFaultKind.Invalid, field, body, "It must be a string.");
        }
    }

    private double Volume(ReadOnlySpan<byte> body)
    {
        var token = this[SampleField.CounterVolume];
        if (token.Type == JsonTokenType.Number && VolumeText.TryParseNumber(token.Raw(body), out var volume))
            return volume;
        if (token.Type == JsonTokenType.String
            && VolumeText.TryParseText(token.Escaped ? Encoding.UTF8.GetBytes(Text(body, SampleField.CounterVolume)) : token.Text(body), out volume))
            return volume;
        if (token.Type == JsonTokenType.Null && _rules.Meter is null)
            return 0; // the sample will be dropped
        throw token.IsNullOrAbsent
            ? Fault(SampleFaultKind.Missing, SampleField.CounterVolume, body, "Mandatory field missing.")
            : Fault(SampleFaultKind.Malformed, SampleField.CounterVolume, body, "A volume is a finite number.");
    }

    private long Timestamp(ReadOnlySpan<byte> body, out short? offsetMinutes)
    {
        var token = this[SampleField.Timestamp];
        offsetMinutes = null;
        if (token.IsNullOrAbsent && !_rules.AreFinished)
            return _now;
        if (token.Type == JsonTokenType.String)
        {
            var text = token.Escaped ? Encoding.UTF8.GetBytes(Text(body, SampleField.Timestamp)) : token.Text(body);
            if (IsoTimestamp.TryParse(text, out var microseconds, out offsetMinutes))
                return microseconds;
        }
        throw Fault(token.IsNullOrAbsent ? SampleFaultKind.Missing : SampleFaultKind.Malformed, SampleField.Timestamp, body, "A timestamp is ISO 8601 text, of the years 1 to 9999 in UTC.");
    }

    private MetadataForms MetadataOf(ReadOnlySpan<byte> body)
    {
        var token = this[SampleField.ResourceMetadata];
        if (token.IsNullOrAbsent)
            return MetadataForms.Empty;
        if (token.Type != JsonTokenType.StartObject)
            throw Fault(SampleFaultKind.Malformed, SampleField.ResourceMetadata, body, "Metadata is a JSON object.");
        var raw = token.Raw(body);
        if (raw.SequenceEqual(body.Slice(_lastMetadata.Start, _lastMetadata.Length)))
            return _lastMetadata.Forms;
        if (raw.Length > limits.MaxMetadataBytes)
            throw Fault(SampleFaultKind.Invalid, SampleField.ResourceMetadata, body, $"Metadata has at most {limits.MaxMetadataBytes} bytes.");
        var table = _rules.Meter is null ? _messageMetadata : _meterMetadata;
        var forms = table.Find(raw);
        if (forms is null)
            table.Add(raw, forms = NewMetadata(body, raw));
        _lastMetadata = (token.Start, token.Length, forms);
        return forms;
    }

    private MetadataForms NewMetadata(ReadOnlySpan<byte> body, ReadOnlySpan<byte> raw)
    {
        try
        {
            var given = shared.Share(Metadata.Parse(raw));
            if (_rules.Meter is null)
                return new(given, given);
            foreach (var property in given.Root.EnumerateObject())
            {
                if (property.Value.ValueKind is not (JsonValueKind.String or JsonValueKind.Null))
                    throw Fault(SampleFaultKind.Invalid, SampleField.ResourceMetadata, body, $"The value of '{Cut(property.Name)}' must be a string.");
            }
            return new(shared.Share(MetadataNesting.Restore(given)), given);
        }
        catch (JsonException e)
        {
            throw Fault(SampleFaultKind.Malformed, SampleField.ResourceMetadata, body, e.Message, e);
        }
    }

    private void CheckMeterContract(ReadOnlySpan<byte> body, string meter, SeriesKey? series)
    {
        var name = series?.Meter ?? (this[SampleField.CounterName].IsNullOrAbsent ? null : Text(body, SampleField.CounterName));
        if (name != meter)
            throw Fault(SampleFaultKind.Invalid, SampleField.CounterName, body, $"should be {meter}");
        if (!IsUnset(this[SampleField.MessageId]))
            throw Fault(SampleFaultKind.Invalid, SampleField.MessageId, body, "The message_id must not be set");
    }

    private SeriesKey AddSeries(ReadOnlySpan<byte> body, ReadOnlySpan<byte> key)
    {
        var type = this[SampleField.CounterType].IsNullOrAbsent ? null : SampleTypes.Parse(Text(body, SampleField.CounterType));
        if (type is null)
            throw Fault(SampleFaultKind.Invalid, SampleField.CounterType, body, "The counter type must be: gauge, delta, cumulative");
        var meter = Bounded(body, SampleField.CounterName);
        var resource = Bounded(body, SampleField.ResourceId);
        var unit = this[SampleField.CounterUnit].IsNullOrAbsent ? null : Bounded(body, SampleField.CounterUnit, mayBeEmpty: true);
        var project = BoundedOr(body, SampleField.ProjectId, _rules.DefaultProjectId);
        var user = BoundedOr(body, SampleField.UserId, _rules.DefaultUserId);
        var source = IsUnset(this[SampleField.Source]) ? null : Bounded(body, SampleField.Source);
        var stored = _rules.StoredSource(source, project);
        if (stored.Length > SeriesKey.MaxLength)
            throw Fault(SampleFaultKind.Invalid, SampleField.Source, body, $"With its project it has more than {SeriesKey.MaxLength} characters.");
        var series = shared.Share(meter, type.Value, unit, resource, project, user, stored);
        _series.Add(key, series);
        return series;
    }

    private void AddMessageId(ReadOnlySpan<byte> body)
    {
        var token = this[SampleField.MessageId];
        if (IsUnset(token))
            return;
        if (token.Type != JsonTokenType.String)
            throw Fault(SampleFaultKind.Invalid, SampleField.MessageId, body, "It must be a string.");
        var text = token.Text(body);
        if (TryParseUuid(text, out var uuid))
        {
            _columns.SetId(uuid);
            return;
        }
        if (text.Length > 6 * MessageIds.MaxLength || Text(body, SampleField.MessageId) is not { Length: <= MessageIds.MaxLength } id || id.Contains('\0'))
            throw Fault(SampleFaultKind.Invalid, SampleField.MessageId, body, $"It has at most {MessageIds.MaxLength} characters, none of them U+0000.");
        _columns.SetId(id);
    }

    /// <summary>Reads a UUID whose text comes out again as it is: 36 characters, lower case; not the empty one.</summary>
    private static bool TryParseUuid(ReadOnlySpan<byte> text, out Guid uuid)
    {
        uuid = default;
        if (text.Length != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' || text.ContainsAnyInRange((byte)'A', (byte)'F'))
            return false;
        Span<byte> digits = stackalloc byte[32];
        text[..8].CopyTo(digits);
        text[9..13].CopyTo(digits[8..]);
        text[14..18].CopyTo(digits[12..]);
        text[19..23].CopyTo(digits[16..]);
        text[24..].CopyTo(digits[20..]);
        Span<byte> bytes = stackalloc byte[16];
        if (Convert.FromHexString(digits, bytes, out _, out _) != OperationStatus.Done)
            return false;
        uuid = new(bytes, bigEndian: true);
        return uuid != Guid.Empty;
    }

    /// <summary>Verifies what the sender signed. Unlike batch signatures this needs the fields' own text, which is gone once they are read.</summary>
    private void CheckSignature(ReadOnlySpan<byte> body, ReadOnlySpan<byte> sample, MetadataForms metadata)
    {
        var token = this[SampleField.MessageSignature];
        if (secrets.AcceptsAll || (IsUnset(token) && !_rules.AreFinished))
            return;
        if (!_signatures.IsRight(body, _tokens, sample, metadata))
            throw new SignatureRefusedException($"{SampleField.MessageSignature.Name()} of samples[{_index}] is missing or by none of the secrets.");
        _signed++;
    }

    private void AddSignature(ReadOnlySpan<byte> body)
    {
        var token = this[SampleField.MessageSignature];
        if (IsUnset(token))
            return;
        if (token.Type != JsonTokenType.String || token.Length != 2 + 64
            || Convert.FromHexString(token.Text(body), _columns.AddSignature(), out _, out _) != OperationStatus.Done)
            throw Fault(SampleFaultKind.Invalid, SampleField.MessageSignature, body, "A signature has 64 hexadecimal digits.");
    }

    /// <summary>Whether Python would call it false: absent, null or empty.</summary>
    private static bool IsUnset(FieldToken token) => token.IsNullOrAbsent || (token.Type == JsonTokenType.String && token.Length == 2);

    private bool IsNobody(FieldToken token) => !token.IsAbsent && IsUnset(token) && _rules.NullMeansNobody;

    private string? BoundedOr(ReadOnlySpan<byte> body, SampleField field, string? otherwise) =>
        !IsUnset(this[field]) ? Bounded(body, field) : IsNobody(this[field]) ? null : otherwise;

    private string Bounded(ReadOnlySpan<byte> body, SampleField field, bool mayBeEmpty = false)
    {
        if (this[field].Length - 2 > MaxRawLength || Text(body, field) is not { Length: <= SeriesKey.MaxLength } text)
            throw Fault(SampleFaultKind.Invalid, field, body, $"It has at most {SeriesKey.MaxLength} characters.");
        if (text.Length == 0 && !mayBeEmpty)
            throw Fault(SampleFaultKind.Invalid, field, body, "It must not be empty.");
        if (text.Contains('\0'))
            throw Fault(SampleFaultKind.Invalid, field, body, "It must not hold the character U+0000.");
        return text;
    }

    /// <summary>The string that a field holds.</summary>
    private string Text(ReadOnlySpan<byte> body, SampleField field)
    {
        var token = this[field];
        if (!token.Escaped)
            return Encoding.UTF8.GetString(token.Text(body));
        var reader = new Utf8JsonReader(token.Raw(body));
        reader.Read();
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException e) // an escaped surrogate without its other half
        {
            throw Fault(SampleFaultKind.Malformed, field, body, "It is not valid Unicode.", e);
        }
    }
}
