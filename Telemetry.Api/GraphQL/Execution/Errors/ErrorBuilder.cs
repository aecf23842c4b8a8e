using Telemetry.Api.GraphQL.Language;

namespace Telemetry.Api.GraphQL.Execution;

/// <summary>Builds an error step by step.</summary>
internal sealed class ErrorBuilder
{
    private readonly List<Location> _locations = [];
    private readonly Dictionary<string, object?> _extensions = [];
    private string _message = "Unexpected Execution Error";
    private string? _code;
    private Path? _path;
    private Exception? _exception;

    public static ErrorBuilder New() => new();

    public ErrorBuilder SetMessage(string message)
    {
        _message = message;
        return this;
    }

    public ErrorBuilder SetCode(string? code)
    {
        _code = code;
        return this;
    }

    public ErrorBuilder SetPath(Path? path)
    {
        _path = path;
        return this;
    }

    public ErrorBuilder AddLocation(Location location)
    {
        _locations.Add(location);
        return this;
    }

    public ErrorBuilder SetExtension(string key, object? value)
    {
        _extensions[key] = value;
        return this;
    }

    public ErrorBuilder SetException(Exception? exception)
    {
        _exception = exception;
        return this;
    }

    public IError Build() => new Error(_message)
    {
        Code = _code,
        Path = _path,
        Locations = [.. _locations],
        Extensions = new Dictionary<string, object?>(_extensions),
        Exception = _exception,
    };
}
