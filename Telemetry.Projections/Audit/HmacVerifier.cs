using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Signing;
using Telemetry.Domain.Streams;

namespace Telemetry.Projections.Audit;

/// <summary>Verifies Ceilometer's per-sample HMACs, as far as what they were made over is kept.</summary>
/// <remarks>
/// The sender's text of a message is not kept, only what it says. It is made again in the forms that Ceilometer writes: with the time zone and
/// without, a whole volume as integer and as float, with an empty <c>monotonic_time</c> and without one. A message whose
/// <c>monotonic_time</c> was not empty, as pollsters' are, cannot be made again.
/// </remarks>
internal sealed class HmacVerifier(SigningSecrets secrets)
{
    private readonly ArrayBufferWriter<byte> _message = new();
    private int _likely; // the form that fitted last

    public long Verified { get; private set; }

    /// <summary>Those that no form of message fits, and all where there is no secret.</summary>
    public long Unverified { get; private set; }

    public void Add(RecordedEvent recorded)
    {
        if (recorded.Body is not EventBody.Samples { Batch: { Signatures: not null } batch })
            return;
        for (var i = 0; i < batch.Count; i++)
        {
            if (batch.Signature(i) is not { } signature)
                continue;
            if (!secrets.AcceptsAll && IsRight(batch, i, batch.SampleId(recorded.Id, i), signature))
                Verified++;
            else
                Unverified++;
        }
    }

    private bool IsRight(SampleBatch batch, int i, string id, string signature)
    {
        for (var n = 0; n < 16; n++)
        {
            var form = _likely ^ n;
            if (!MessageSignature.Verify(Message(batch, i, id, signature, form), secrets))
                continue;
            _likely = form;
            return true;
        }
        return false;
    }

    private JsonElement Message(SampleBatch batch, int i, string id, string signature, int form)
    {
        var key = batch.Series[i];
        var (zoned, isFloat, monotonic, plainSource) = ((form & 1) != 0, (form & 2) != 0, (form & 4) != 0, (form & 8) != 0);
        _message.ResetWrittenCount();
        using (var json = new Utf8JsonWriter(_message))
        {
            json.WriteStartObject();
            // Samples that came over REST are kept with their project before their source.
            json.WriteString("source", plainSource && key.Source.IndexOf(':') is >= 0 and var colon ? key.Source[(colon + 1)..] : key.Source);
            json.WriteString("counter_name", key.Meter);
            json.WriteString("counter_type", key.Type.Name());
            json.WriteString("counter_unit", key.Unit);
            json.WritePropertyName("counter_volume");
            var volume = batch.Volumes[i].ToString("R", CultureInfo.InvariantCulture);
            json.WriteRawValue(isFloat && volume.AsSpan().IndexOfAny(".E") < 0 ? volume + ".0" : volume);
            json.WriteString("user_id", key.UserId);
            json.WriteString("project_id", key.ProjectId);
            json.WriteString("resource_id", key.ResourceId);
            json.WriteString("timestamp", UnixMicroseconds.Format(batch.Timestamps[i]) + (zoned ? "+00:00" : ""));
            json.WritePropertyName("resource_metadata");
            json.WriteRawValue(batch.Metadata[i].Utf8.Span);
            json.WriteString("message_id", id);
            if (monotonic)
                json.WriteNull("monotonic_time");
            json.WriteString(MessageSignature.Field, signature);
            json.WriteEndObject();
        }
        return JsonElement.Parse(_message.WrittenSpan);
    }
}
