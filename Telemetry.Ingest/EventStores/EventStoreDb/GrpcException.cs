using System.Globalization;
using System.Net.Http.Headers;

namespace Telemetry.Ingest.EventStores.EventStoreDb;

/// <summary>How a gRPC call ended; the codes of gRPC's statuscodes.md that we tell apart.</summary>
internal enum GrpcStatus
{
    Ok = 0,
    Cancelled = 1,
    Unknown = 2,
    InvalidArgument = 3,
    DeadlineExceeded = 4,
    NotFound = 5,
    PermissionDenied = 7,
    FailedPrecondition = 9,
    Aborted = 10,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
    Unauthenticated = 16,
}

/// <summary>A gRPC call that did not succeed.</summary>
internal sealed class GrpcException(GrpcStatus status, string message, HttpHeaders? trailers = null, Exception? cause = null) : Exception(message, cause)
{
    public GrpcStatus Status { get; } = status;

    /// <summary>What the server calls the error, such as <c>stream-deleted</c>; null where it gives no name.</summary>
    public string? Name { get; } = Trailer(trailers, "exception");

    public bool IsStreamDeleted => Name == "stream-deleted";

    /// <summary>The largest append that the server takes, where one was larger.</summary>
    public int? MaxAppendSize { get; } = int.TryParse(Trailer(trailers, "maximum-append-size") ?? Trailer(trailers, "maximum-append-event-size"), NumberStyles.None, CultureInfo.InvariantCulture, out var size) ? size : null;

    /// <summary>Who to ask instead, where the node asked is not the leader and knows who is.</summary>
    public (string Host, int Port)? Leader { get; } = Trailer(trailers, "exception") == "not-leader"
        && int.TryParse(Trailer(trailers, "leader-endpoint-port"), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
        ? (Trailer(trailers, "leader-endpoint-host")!, port) : null;

    /// <summary>It never came to an answer, or the server cannot give one for now; asked again later, it may.</summary>
    public bool IsLost => Status is GrpcStatus.Unavailable or GrpcStatus.DeadlineExceeded or GrpcStatus.Aborted or GrpcStatus.Cancelled
        || Name == "not-leader" || (Status == GrpcStatus.Unknown && Message.Contains("leader", StringComparison.OrdinalIgnoreCase)); // an election

    /// <summary>Reads the status out of an answer's headers, where there is nothing else, or its trailers; null where they have none.</summary>
    public static GrpcException? Read(HttpHeaders headers)
    {
        if (Trailer(headers, "grpc-status") is not { } text)
            return null;
        var status = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var code) ? (GrpcStatus)code : GrpcStatus.Unknown;
        var message = Uri.UnescapeDataString(Trailer(headers, "grpc-message") ?? "");
        return new(status, message.Length > 0 ? message : $"The server ended the call with status {text}.", headers);
    }

    private static string? Trailer(HttpHeaders? headers, string name) => headers is not null && headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;
}
