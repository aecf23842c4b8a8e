namespace Telemetry.Api.V2;

/// <summary>A request that cannot be answered as asked; becomes Ceilometer's error body.</summary>
/// <param name="status">The HTTP status; below 500 the fault is the client's.</param>
/// <param name="faultString">The text that clients match.</param>
public sealed class ApiException(int status, string faultString) : Exception(faultString)
{
    public int Status { get; } = status;

    /// <summary>400 in the words of Ceilometer's ClientSideError for a field.</summary>
    public static ApiException InvalidInput(string field, string? value, string message) =>
        new(StatusCodes.Status400BadRequest, $"Invalid input for field/attribute {field}. Value: '{value ?? "None"}'. {message}");

    public static ApiException BadRequest(string message) => new(StatusCodes.Status400BadRequest, message);

    /// <summary>404 for something that is not there, or not there for this caller.</summary>
    public static ApiException NotFound(string entity, string id) => new(StatusCodes.Status404NotFound, $"{entity} {id} Not Found");
}
