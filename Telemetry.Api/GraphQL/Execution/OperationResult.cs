using System.Buffers;
using System.Text.Json;

namespace Telemetry.Api.GraphQL.Execution;

/// <summary>The answer to an operation, or to one event of a subscription.</summary>
/// <remarks>Without <c>data</c> at all it is a request error: nothing was carried out.</remarks>
internal sealed class OperationResult(ObjectResult? data, bool hasData, IReadOnlyList<IError> errors)
{
    private bool _isShared;
    private byte[]? _written;

    public ObjectResult? Data { get; } = data;

    public bool HasData { get; } = hasData;

    public IReadOnlyList<IError> Errors { get; } = errors;

    /// <summary>Null for none.</summary>
    public OperationCost? Cost { get; init; }

    /// <summary>The same for many who ask alike: written once, unless it has errors, which carry the trace id of each.</summary>
    public OperationResult AsShared() => new(Data, HasData, Errors) { Cost = Cost, _isShared = Errors.Count == 0 };

    public OperationResult WithCost(OperationCost? cost) => new(Data, HasData, Errors) { Cost = cost };

    public static OperationResult RequestError(params IReadOnlyList<IError> errors) => new(null, hasData: false, errors);

    /// <summary>The answer as JSON, errors first.</summary>
    /// <param name="traceId">Added to every error's extensions.</param>
    public void WriteTo(Utf8JsonWriter writer, string? traceId)
    {
        if (!_isShared)
        {
            new ResultWriter(writer, traceId).Write(this);
            return;
        }

        if (_written is not { } written)
        {
            var buffer = new ArrayBufferWriter<byte>(512);
            using (var once = new Utf8JsonWriter(buffer, writer.Options))
                new ResultWriter(once, null).Write(this);
            _written = written = buffer.WrittenSpan.ToArray();
        }

        writer.WriteRawValue(written, skipInputValidation: true);
    }
}

/// <summary>What an operation was reckoned to cost before it was carried out, and what it may cost.</summary>
internal sealed record OperationCost(double Requested, double Maximum);
