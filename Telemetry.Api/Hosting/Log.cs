namespace Telemetry.Api.Hosting;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Listening on {Urls}, data in {Directory}")]
    public static partial void Started(ILogger logger, string urls, string directory);
}
