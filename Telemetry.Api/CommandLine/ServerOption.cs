using System.CommandLine;
using Telemetry.Api.Hosting;

namespace Telemetry.Api.CommandLine;

/// <summary><c>--server URL</c>, of commands that talk to a running server.</summary>
internal static class ServerOption
{
    public static Option<Uri> Create(string description) => new("--server")
    {
        Description = description, // the default is shown beside it
        DefaultValueFactory = _ => new(ServerSettings.DefaultUrls),
        CustomParser = result =>
        {
            if (Uri.TryCreate(result.Tokens.Single().Value.TrimEnd('/') + "/", UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https")
                return uri;
            result.AddError($"'{result.Tokens.Single().Value}' in --server is no address such as {ServerSettings.DefaultUrls}.");
            return null;
        },
    };
}
