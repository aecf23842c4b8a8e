using Telemetry.Domain.Audit;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;
using Telemetry.Projections.Audit;

namespace Telemetry.Projections.Tests.Audit;

public sealed class LogVerifierTests : IDisposable
{
    private readonly AuditedLog _log = new();

    public void Dispose() => _log.Dispose();

    [Fact]
    public async Task A_log_that_nobody_touched_is_sound()
    {
        await FillAsync(200);

        var report = await _log.VerifyAsync();

        Assert.Empty(report.Faults);
        Assert.Equal((200L, _log.Tree.Size, 0L, 3), (report.Events, report.Leaves, report.Unverified, report.Checkpoints));
        Assert.Equal(MerkleProof.RootOf(0, _log.Tree.Size, _log.Tree.Nodes).ToString(), report.Root);
    }

    [Fact]
    public async Task Any_single_change_is_found_and_located()
    {
        await FillAsync(200);
        var events = await _log.EventsAsync();
        Random random = new(20261121);
        for (var run = 0; run < 600; run++)
        {
            var i = random.Next(events.Count - 1);
            var (changed, kind) = Change(events, i, run % 12, random);

            var report = await _log.VerifyAsync(new ListedLog(changed));

            var fault = report.Faults.FirstOrDefault(f => f.Kind == kind);
            Assert.True(fault is not null, $"run {run}: change {run % 12} of event {i} gave {string.Join("; ", report.Faults)}");
            Assert.Equal(i, fault.Leaf ?? i);
            Assert.InRange(fault.Position ?? events[i].Position, i + 1, i + 2); // of what is there now, or stands in its place
        }
    }

    [Fact]
    public async Task A_change_that_was_made_in_the_tree_too_is_found_by_the_checkpoints()
    {
        await FillAsync(200);
        var events = await _log.EventsAsync();
        for (var i = 0; i < 150; i += 7)
        {
            var (changed, _) = Change(events, i, i % 11, new(i));
            using var forged = new AuditedLog();
            foreach (var e in changed)
                forged.Tree.Apply(e);

            var report = await _log.VerifyAsync(new ListedLog(changed), forged.Tree);

            // What was removed after the last checkpoint but one leaves a log that is too short for the last.
            Assert.Contains(report.Faults, f => f.Kind is AuditFaultKind.CheckpointMismatch or AuditFaultKind.RolledBack);
        }
    }

    [Fact]
    public async Task A_log_that_was_rolled_back_with_its_tree_is_found_by_the_checkpoints()
    {
        await FillAsync(200);
        var events = (await _log.EventsAsync()).Take(60).ToList();
        using var forged = new AuditedLog();
        foreach (var e in events)
            forged.Tree.Apply(e);

        Assert.Equal(AuditFaultKind.RolledBack, Assert.Single((await _log.VerifyAsync(new ListedLog(events), forged.Tree)).Faults).Kind);
    }

    [Fact]
    public async Task A_tree_that_was_damaged_is_told_from_a_log_that_was()
    {
        await FillAsync(100);
        using var damaged = new AuditedLog();
        foreach (var e in (await _log.EventsAsync()).Select((e, i) => i == 20 ? e with { Type = "x" } : e))
            damaged.Tree.Apply(e);

        Assert.Contains((await _log.VerifyAsync(_log.Log, damaged.Tree)).Faults, f => f.Kind == AuditFaultKind.TreeDamaged);
    }

    [Fact]
    public async Task What_was_appended_after_the_tree_is_counted_as_unverified()
    {
        await FillAsync(100);
        using var behind = new AuditedLog();
        var events = await _log.EventsAsync();
        foreach (var e in events.Take(90))
            behind.Tree.Apply(e);

        var report = await _log.VerifyAsync(_log.Log, behind.Tree);

        Assert.Empty(report.Faults);
        Assert.Equal(10, report.Unverified);
    }

    [Fact]
    public async Task A_checkpoint_that_another_key_signed_is_not_believed()
    {
        await FillAsync(100);
        using var other = new NoteSigner("telemetry.example/log", P256.Create());
        var latest = _log.Audit.Latest()!;
        _log.Checkpoints.Keep(latest with { Note = other.Sign(latest.Note.Text) });

        Assert.Equal(AuditFaultKind.CheckpointForged, Assert.Single((await _log.VerifyAsync()).Faults).Kind);
    }

    [Fact]
    public async Task Signatures_are_judged_by_their_keys_state_at_the_position()
    {
        using var key = P256.Create();
        var id = EventId.FromName("key"u8);
        await _log.RecordAsync(["p"], b => BatchSignature.OfStreams("k", key, b)); // before it is registered
        await _log.AppendAsync(SigningKeyEvents.Store(new SigningKeyEvent.KeyRegistered("k", "p", key.ExportSubjectPublicKeyInfo(), null, default), id, 0));
        await _log.RecordAsync(["p"], b => BatchSignature.OfStreams("k", key, b));
        await _log.RecordAsync(["p", "q"], b => BatchSignature.OfStreams("k", key, b)); // another project too
        await _log.AppendAsync(SigningKeyEvents.Store(new SigningKeyEvent.KeyRevoked("k", null, default), EventId.FromName("revoked"u8), 1));
        await _log.RecordAsync(["p"], b => BatchSignature.OfStreams("k", key, b)); // after it is revoked

        var report = await _log.VerifyAsync();

        Assert.Equal([1L, 4L, 6L], report.Faults.Select(f => f.Position));
        Assert.All(report.Faults, f => Assert.Equal(AuditFaultKind.BadSignature, f.Kind));
        Assert.Equal(1, report.Signatures);
    }

    [Fact]
    public async Task A_signature_over_a_body_is_verified_by_the_body_that_was_kept()
    {
        using var key = P256.Create();
        await _log.AppendAsync(SigningKeyEvents.Store(new SigningKeyEvent.KeyRegistered("k", null, key.ExportSubjectPublicKeyInfo(), null, default), EventId.FromName("key"u8), 0));
        foreach (var (name, kept) in new[] { ("right", "body"), ("wrong", "bodY") })
        {
            var (stream, eventId) = (new StreamName("alarm", name), EventId.FromName(System.Text.Encoding.UTF8.GetBytes(name)));
            var signature = BatchSignature.OfBody("k", key, "body"u8);
            await _log.AppendAsync(
                new NewEvent(eventId, "x", new EventBody.Json("{}"u8.ToArray()), [new(stream)], new(Signer: "k", Signature: signature.ToString())),
                SignedBody.Keep(eventId, System.Text.Encoding.UTF8.GetBytes(kept), "application/json"));
        }

        var report = await _log.VerifyAsync();

        Assert.Equal(1, report.Signatures);
        Assert.Equal(StreamName.Parse("alarm-wrong"), Assert.Single(report.Faults).Stream);
    }

    private async Task FillAsync(int events)
    {
        for (var i = 0; i < events; i++)
        {
            if (i % 5 == 0)
                await _log.ChangeAlarmAsync($"{i % 4}");
            else
                await _log.RecordAsync([.. Enumerable.Range(0, 1 + (i % 4)).Select(p => $"p{(p + i) % 5}")]);
            if (i == events / 4 || i == events / 2 || i == events - 1)
                _log.Audit.Publish();
        }
    }

    /// <summary>The events with one change at an index, and what it is to be found as.</summary>
    private static (List<RecordedEvent> Events, AuditFaultKind Kind) Change(List<RecordedEvent> events, int i, int change, Random random)
    {
        var changed = events.ToList();
        var e = events[i];
        switch (change)
        {
            case 0: // a bit of the payload
                changed[i] = e with { Body = Flip(e.Body, random) };
                return (changed, AuditFaultKind.Altered);
            case 1:
                changed[i] = e with { Metadata = e.Metadata with { Source = "udp" } };
                return (changed, AuditFaultKind.Altered);
            case 2:
                changed[i] = e with { RecordedAt = e.RecordedAt.AddMicroseconds(1) };
                return (changed, AuditFaultKind.Altered);
            case 3:
                changed[i] = e with { Type = e.Type + "x" };
                return (changed, AuditFaultKind.Altered);
            case 4:
                changed[i] = e with { Id = EventId.New() };
                return (changed, AuditFaultKind.Altered);
            case 5:
                changed[i] = e with { Metadata = e.Metadata with { Signer = "nobody" } };
                return (changed, AuditFaultKind.Altered);
            case 6: // removed
                changed.RemoveAt(i);
                return (changed, AuditFaultKind.Removed);
            case 7: // removed, and all positions after it moved up
                changed.RemoveAt(i);
                for (var n = i; n < changed.Count; n++)
                    changed[n] = changed[n] with { Position = changed[n].Position - 1 };
                return (changed, AuditFaultKind.Removed);
            case 8: // inserted, positions after it moved down
                changed.Insert(i, e with { Id = EventId.New(), Body = Flip(e.Body, random) });
                for (var n = i + 1; n < changed.Count; n++)
                    changed[n] = changed[n] with { Position = changed[n].Position + 1 };
                return (changed, AuditFaultKind.Inserted);
            case 9: // two events change places, with their positions
                (changed[i], changed[i + 1]) = (events[i + 1] with { Position = e.Position }, e with { Position = events[i + 1].Position });
                return (changed, AuditFaultKind.Reordered);
            case 10: // a version
                changed[i] = e with { Streams = [e.Streams[0] with { Version = e.Streams[0].Version + 1 }, .. e.Streams.Skip(1)] };
                return (changed, AuditFaultKind.VersionGap);
            default: // rolled back
                return (events.Take(i).ToList(), AuditFaultKind.RolledBack);
        }
    }

    private static EventBody Flip(EventBody body, Random random)
    {
        if (body is EventBody.Json json)
        {
            var utf8 = json.Utf8.ToArray();
            utf8[random.Next(utf8.Length)] ^= (byte)(1 << random.Next(8));
            return new EventBody.Json(utf8);
        }
        var batch = ((EventBody.Samples)body).Batch;
        var sample = random.Next(batch.Count);
        var (series, timestamps, volumes, metadata) = (batch.Series.ToArray(), batch.Timestamps.ToArray(), batch.Volumes.ToArray(), batch.Metadata.ToArray());
        var (ids, signatures) = (batch.MessageIds, batch.Signatures);
        var key = series[sample];
        switch (random.Next(10))
        {
            case 0:
                timestamps[sample] ^= 1L << random.Next(20);
                break;
            case 1:
                volumes[sample] = BitConverter.Int64BitsToDouble(BitConverter.DoubleToInt64Bits(volumes[sample]) ^ (1L << random.Next(52)));
                break;
            case 2:
                series[sample] = new(Flip(key.Meter, random), key.Type, key.Unit, key.ResourceId, key.ProjectId, key.UserId, key.Source);
                break;
            case 3:
                series[sample] = new(key.Meter, key.Type ^ (SampleType)1, key.Unit, key.ResourceId, key.ProjectId, key.UserId, key.Source);
                break;
            case 4:
                series[sample] = new(key.Meter, key.Type, Flip(key.Unit!, random), key.ResourceId, key.ProjectId, key.UserId, key.Source);
                break;
            case 5:
                series[sample] = new(key.Meter, key.Type, key.Unit, Flip(key.ResourceId, random), key.ProjectId, key.UserId, key.Source);
                break;
            case 6:
                series[sample] = new(key.Meter, key.Type, key.Unit, key.ResourceId, key.ProjectId, "", Flip(key.Source, random));
                break;
            case 7:
                metadata[sample] = Metadata.Parse(System.Text.Encoding.UTF8.GetBytes("""{"n":9}"""));
                break;
            case 8:
                var uuids = new Guid[batch.Count];
                uuids[sample] = Guid.NewGuid();
                ids = new(uuids, new Dictionary<int, string>());
                break;
            default:
                signatures = new byte[32 * batch.Count];
                signatures[(32 * sample) + random.Next(32)] = 1;
                break;
        }
        return new EventBody.Samples(new SampleBatch(series, timestamps, volumes, metadata, ids, signatures));
    }

    private static string Flip(string text, Random random)
    {
        var changed = text.ToCharArray();
        changed[random.Next(changed.Length)] ^= (char)(1 << random.Next(7));
        return new(changed);
    }
}
