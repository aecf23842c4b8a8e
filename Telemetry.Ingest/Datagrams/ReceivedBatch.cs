using Microsoft.Extensions.Logging;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Signing;
using Telemetry.Ingest.Samples;

namespace Telemetry.Ingest.Datagrams;

/// <summary>Collects what was received at once, and hands it on together.</summary>
internal sealed class ReceivedBatch(string protocol, ISampleIntake intake, SigningSecrets secrets, DatagramMetrics metrics, ILogger logger)
{
    /// <summary>How many samples are handed on at a time.</summary>
    public const int MaxCount = 1_000;

    private List<SampleInFlight> _samples = [];
    private int _refused;
    private string _lastSender = "";
    private string _lastReason = "";

    public bool IsFull => _samples.Count >= MaxCount || _refused >= MaxCount;

    public void Add(ReadOnlySpan<byte> message, object? sender)
    {
        try
        {
            _samples.Add(SampleDatagram.Read(message, secrets));
        }
        catch (FormatException e)
        {
            Refuse("malformed", sender, e.Message);
        }
        catch (WrongSignatureException e)
        {
            Refuse("bad_signature", sender, e.Message);
        }
    }

    public void Refuse(string result, object? sender, string reason)
    {
        _refused++;
        (_lastSender, _lastReason) = (sender?.ToString() ?? "", reason);
        metrics.Count(protocol, result);
    }

    /// <summary>Hands the samples on and logs what was refused, once for all of it.</summary>
    public async Task FlushAsync(CancellationToken ct)
    {
        if (_refused > 0)
            logger.Refused(_refused, protocol, _lastSender, _lastReason);
        _refused = 0;
        if (_samples.Count == 0)
            return;
        var samples = _samples;
        _samples = [];
        try
        {
            await intake.AcceptAsync(samples, protocol, ct);
            metrics.Count(protocol, "accepted", samples.Count);
        }
        catch (SignatureRefusedException e)
        {
            metrics.Count(protocol, "unsigned", samples.Count);
            logger.Refused(samples.Count, protocol, _lastSender, e.Message);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            metrics.Count(protocol, "lost", samples.Count);
            logger.Lost(e, samples.Count, protocol);
        }
    }
}
