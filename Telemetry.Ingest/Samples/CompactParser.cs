using System.Runtime.CompilerServices;
using System.Text;
using Telemetry.Domain.Audit;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Metering.Compact;

namespace Telemetry.Ingest.Samples;

/// <summary>Step 2 of the way of a sample, for the compact columnar body (docs/compact-format.md).</summary>
/// <remarks>
/// The codec checks the form; what is left are the rules for the texts of a series, and whose samples they may be: once a series, not once
/// a sample. Texts, series and metadata of earlier bodies are found again without making objects. Not safe for use by several threads.
/// </remarks>
internal sealed class CompactParser(SampleLimits limits, SharedSeries shared, NamedDictionaries dictionaries) : ISampleInterner
{
    private const int MaxSeries = 1 << 18;

    private readonly SampleBatchLimits _batchLimits = new(limits.MaxSamples, limits.MaxBodyBytes, limits.MaxMetadataBytes);
    private readonly ByteTable<string> _texts = new(maxBytes: 16 << 20);
    private readonly ByteTable<Metadata> _metadata = new(maxBytes: 32 << 20);
    private readonly ByteTable<SeriesKey[]> _seriesSections = new(maxBytes: 8 << 20);
    private readonly ByteTable<Metadata[]> _metadataSections = new(maxBytes: 8 << 20);
    private readonly Dictionary<Parts, SeriesKey> _series = [];
    private readonly IdentityTable<SeriesKey, SeriesKey> _checked = new(MaxSeries); // under the rules of the last body
    private readonly ConditionalWeakTable<SeriesKey[], SeriesKey[]> _checkedColumns = []; // the same, of whole batches
    private SampleRules _rules = SampleRules.ForMessages();

    /// <exception cref="SampleFaultException">There is a fault; the first one is told.</exception>
    public ParsedSamples Parse(ReadOnlySpan<byte> body, SampleRules rules)
    {
        if (rules != _rules)
        {
            _checked.Clear();
            _checkedColumns.Clear();
            _rules = rules;
        }
        var batch = Decode(body);
        if (batch.Count == 0)
            throw new SampleFaultException(new(SampleFaultKind.NoSamples, null, null, null, "Samples should be included in request body"));
        if (!batch.RepeatsSeries)
            return With(Check(batch.Series, rules));
        if (!_checkedColumns.TryGetValue(batch.Series, out var known))
            _checkedColumns.Add(batch.Series, known = Check(batch.Series, rules));
        return With(known);

        ParsedSamples With(SeriesKey[] series) => new(ReferenceEquals(series, batch.Series)
            ? batch
            : new SampleBatch(series, batch.Timestamps, batch.Volumes, batch.Metadata, batch.MessageIds, batch.Signatures) { RepeatsSeries = batch.RepeatsSeries });
    }

    /// <summary>The series as they are stored: the same array where nothing is changed.</summary>
    private SeriesKey[] Check(SeriesKey[] all, SampleRules rules)
    {
        SeriesKey[]? changed = null;
        for (var i = 0; i < all.Length; i++)
        {
            var sent = all[i];
            var hash = sent.GetHashCode();
            if (!_checked.TryFind(sent, hash, out var series))
                _checked.Add(sent, hash, series = Check(sent, i, rules));
            if (ReferenceEquals(series, sent))
                continue;
            changed ??= [.. all];
            changed[i] = series;
        }
        return changed ?? all;
    }

    public string Text(ReadOnlySpan<byte> utf8)
    {
        if (_texts.Find(utf8) is { } known)
            return known;
        var text = shared.Share(Encoding.UTF8.GetString(utf8));
        _texts.Add(utf8, text);
        return text;
    }

    public SeriesKey Series(string meter, SampleType type, string? unit, string resourceId, string? projectId, string? userId, string source)
    {
        var parts = new Parts(meter, type, unit, resourceId, projectId, userId, source);
        if (_series.TryGetValue(parts, out var known))
            return known;
        if (_series.Count == MaxSeries)
            _series.Clear();
        var series = shared.Share(meter, type, unit, resourceId, projectId, userId, source);
        _series.Add(parts, series);
        return series;
    }

    public Metadata Metadata(ReadOnlySpan<byte> json)
    {
        if (_metadata.Find(json) is { } known)
            return known;
        var metadata = shared.Share(Domain.Metering.Metadata.Parse(json));
        _metadata.Add(json, metadata);
        return metadata;
    }

    public SeriesKey[]? FindSeries(ReadOnlySpan<byte> keys) => _seriesSections.Find(keys);

    public void AddSeries(ReadOnlySpan<byte> keys, SeriesKey[] series) => _seriesSections.Add(keys, series);

    public Metadata[]? FindMetadata(ReadOnlySpan<byte> versions) => _metadataSections.Find(versions);

    public void AddMetadata(ReadOnlySpan<byte> versions, Metadata[] metadata) => _metadataSections.Add(versions, metadata);

    public SampleDictionary? FindDictionary(Digest name) => dictionaries.Find(_rules, name);

    public void KeepDictionary(Digest name, SampleDictionary dictionary) => dictionaries.Keep(_rules, name, dictionary);

    private SampleBatch Decode(ReadOnlySpan<byte> body)
    {
        try
        {
            return SampleBatchCodec.Decode(body, _batchLimits, this);
        }
        catch (SampleFormatException e)
        {
            throw new SampleFaultException(new(SampleFaultKind.Format, null, null, null, e.Message), e);
        }
        catch (UnknownDictionaryException e)
        {
            throw new SampleFaultException(new(SampleFaultKind.UnknownDictionary, null, null, null, e.Message), e);
        }
    }

    private SeriesKey Check(SeriesKey sent, int index, SampleRules rules)
    {
        Require(SampleField.CounterName, sent.Meter, mayBeEmpty: false);
        Require(SampleField.CounterUnit, sent.Unit, mayBeEmpty: true);
        Require(SampleField.ResourceId, sent.ResourceId, mayBeEmpty: false);
        Require(SampleField.ProjectId, sent.ProjectId, mayBeEmpty: true);
        Require(SampleField.UserId, sent.UserId, mayBeEmpty: true);
        Require(SampleField.Source, sent.Source, mayBeEmpty: true);
        var project = Given(sent.ProjectId) ?? (rules.NullMeansNobody ? null : rules.DefaultProjectId);
        var user = Given(sent.UserId) ?? (rules.NullMeansNobody ? null : rules.DefaultUserId);
        var source = rules.StoredSource(sent.Source, project);
        var series = project == sent.ProjectId && user == sent.UserId && source == sent.Source
            ? sent
            : shared.Share(sent.Meter, sent.Type, sent.Unit, sent.ResourceId, project, user, source);
        return rules.Allows(series)
            ? series
            : throw Fault(SampleField.ProjectId, series.ProjectId, "can not post samples to other projects");

        static string? Given(string? text) => string.IsNullOrEmpty(text) ? null : text;

        void Require(SampleField field, string? text, bool mayBeEmpty)
        {
            if (text is null)
                return;
            if (text.Length == 0 && !mayBeEmpty)
                throw Fault(field, text, "It must not be empty.");
            if (text.Contains('\0'))
                throw Fault(field, text, "It must not hold the character U+0000.");
        }

        SampleFaultException Fault(SampleField field, string? value, string reason) =>
            new(new(SampleFaultKind.Invalid, index, field.Name(), value, reason));
    }

    /// <summary>A series by the identity of its texts, which <see cref="Text"/> made one object each: a tenth of the time of comparing them.</summary>
    private readonly record struct Parts(
        string Meter, SampleType Type, string? Unit, string ResourceId, string? ProjectId, string? UserId, string Source)
    {
        public bool Equals(Parts other) =>
            ReferenceEquals(Meter, other.Meter) && Type == other.Type && ReferenceEquals(Unit, other.Unit)
            && ReferenceEquals(ResourceId, other.ResourceId) && ReferenceEquals(ProjectId, other.ProjectId)
            && ReferenceEquals(UserId, other.UserId) && ReferenceEquals(Source, other.Source);

        public override int GetHashCode() =>
            HashCode.Combine(Identity(Meter), (int)Type, Identity(Unit), Identity(ResourceId), Identity(ProjectId), Identity(UserId), Identity(Source));

        private static int Identity(string? text) => RuntimeHelpers.GetHashCode(text);
    }
}
