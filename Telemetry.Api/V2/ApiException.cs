namespace Telemetry.Api.V2;

/// <summary>A request that cannot be answered as asked; becomes Ceilometer's error body.</summary>
/// <param name="status">The HTTP status; below 500 the fault is the client's.</param>
/// <param name="faultString">The text that clients match.</param>
public sealed class ApiException(int status, string faultString) : Exception(faultString)
{
    public int Status { get; } = status;

    /// <summary>Whether the body carries the text alone, as routing answers, instead of a fault with its code.</summary>
    public bool IsPlain { get; private init; }

    /// <summary>400 in the words of Ceilometer's ClientSideError for a field.</summary>
    public static ApiException InvalidInput(string field, string? value, string message) =>
        new(StatusCodes.Status400BadRequest, $"Invalid input for field/attribute {field}. Value: '{value ?? "None"}'. {message}");

    public static ApiException BadRequest(string message) => new(StatusCodes.Status400BadRequest, message);

    /// <summary>400 for an attribute that must be there.</summary>
    public static ApiException MandatoryFieldMissing(string field) => InvalidInput(field, null, "Mandatory field missing.");

    /// <summary>400 for arguments that the call does not take; several stand comma-joined.</summary>
    public static ApiException UnknownArgument(string names) => BadRequest($"Unknown argument: \"{names}\"");

    /// <summary>400 for an argument or field that is not taken, and why.</summary>
    public static ApiException UnknownArgument(string name, string message) => BadRequest($"Unknown argument: \"{name}\": {message}");

    /// <summary>400 for keys of a JSON object that the argument does not have.</summary>
    public static ApiException UnknownAttribute(string argument, string names) => BadRequest($"Unknown attribute for argument {argument}: {names}");

    /// <summary>400 for an argument without which the call means nothing.</summary>
    public static ApiException MissingArgument(string name) => BadRequest($"Missing argument: \"{name}\"");

    /// <summary>404 for something that is not there, or not there for this caller.</summary>
    public static ApiException NotFound(string entity, string id) => new(StatusCodes.Status404NotFound, $"{entity} {id} Not Found");

    /// <summary>401 for what belongs to another project.</summary>
    public static ApiException ProjectNotAuthorized(string project) =>
        new(StatusCodes.Status401Unauthorized, $"Not Authorized to access project {project}");

    /// <summary>403 for what the caller's roles do not allow.</summary>
    public static ApiException RoleRequired() => new(StatusCodes.Status403Forbidden, "RBAC Authorization Failed");

    /// <summary>An answer of routing (404, 405, 406), or of a check before Ceilometer's event calls.</summary>
    public static ApiException Plain(int status, string message) => new(status, message) { IsPlain = true };
}
