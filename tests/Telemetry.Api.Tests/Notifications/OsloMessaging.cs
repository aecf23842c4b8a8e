using System.Diagnostics;
using Telemetry.Conformance;

namespace Telemetry.Api.Tests.Notifications;

/// <summary>The library that OpenStack's services talk with: Debian's python3-oslo.messaging.</summary>
internal static class OsloMessaging
{
    private static readonly Lazy<bool> Installed = new(() =>
        DebianPackage.HasFile("/usr/lib/python3/dist-packages/oslo_messaging/__init__.py", "python3-oslo.messaging"));

    /// <summary>Skips the test where the library cannot be had; fails it where CI=true.</summary>
    public static void Demand()
    {
        if (Environment.GetEnvironmentVariable("CI") != "true")
            Assert.SkipUnless(Installed.Value, "oslo.messaging is not installed, and installing it (Debian: python3-oslo.messaging) takes root.");
        Assert.True(Installed.Value);
    }

    /// <summary>Runs a program of Python's with the broker's transport_url as its first argument.</summary>
    public static async Task<(int Code, string Output)> RunAsync(Uri broker, string program, params string[] arguments)
    {
        using var process = Start(broker, program, arguments);
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output + await error);
    }

    public static Process Start(Uri broker, string program, params string[] arguments) => Process.Start(
        new ProcessStartInfo("/usr/bin/python3", ["-c", program, $"rabbit://{broker.UserInfo}@{broker.Host}:{broker.Port}//", .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
}
