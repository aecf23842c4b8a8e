using System.Runtime.InteropServices;

namespace Telemetry.Conformance;

/// <summary>A wrong time of day for one process, by libfaketime out of Debian's package; clocks that only measure time stay as they are.</summary>
public static class WrongClock
{
    private static readonly string Library =
        $"/usr/lib/{(RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "aarch64" : "x86_64")}-linux-gnu/faketime/libfaketimeMT.so.1";

    /// <summary>The variables that give a process the clock. Skips the test where the library cannot be had; with CI=true that is a failure.</summary>
    /// <param name="offset">Such as <c>+10m</c>.</param>
    public static Dictionary<string, string> Settings(string offset)
    {
        if (!DebianPackage.HasFile(Library, "libfaketime"))
        {
            Assert.False(Environment.GetEnvironmentVariable("CI") == "true", "libfaketime is not installed, and could not be.");
            Assert.Skip("A wrong clock takes libfaketime (Debian: libfaketime), and installing it takes root.");
        }
        // With its correction for old libraries waits would end at once: .NET waits by the monotonic clock.
        return new() { ["LD_PRELOAD"] = Library, ["FAKETIME"] = offset, ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1", ["FAKETIME_FORCE_MONOTONIC_FIX"] = "0" };
    }
}
