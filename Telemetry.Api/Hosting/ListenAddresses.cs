using System.Net;

namespace Telemetry.Api.Hosting;

/// <summary>Where the server may listen: without authentication only where nobody else can reach it.</summary>
internal static class ListenAddresses
{
    /// <exception cref="ServerStartException">An address is no URL, or reaches beyond loopback without leave to.</exception>
    public static void Check(string urls, bool insecure)
    {
        foreach (var url in urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            BindingAddress address;
            try
            {
                address = BindingAddress.Parse(url);
            }
            catch (FormatException e)
            {
                throw new ServerStartException($"'{url}' in --urls is no address such as {ServerSettings.DefaultUrls}.", e);
            }
            if (!insecure && !IsLoopback(address))
            {
                throw new ServerStartException(
                    $"'{url}' reaches beyond this machine, and without authentication anybody there could read and write everything. "
                    + "Listen on 127.0.0.1, or pass --insecure if that is what you want.");
            }
        }
    }

    private static bool IsLoopback(BindingAddress address) =>
        address.IsUnixPipe || address.Host == "localhost"
        || (IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip));
}
