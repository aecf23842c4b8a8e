using System.Diagnostics;
using Telemetry.Conformance;

[assembly: AssemblyFixture(typeof(Telemetry.Api.Tests.GraphQL.Judges.NodeFixture))]

namespace Telemetry.Api.Tests.GraphQL.Judges;

/// <summary>Node with graphql-js and its kin, installed from the lock file into an ignored folder.</summary>
public sealed class NodeFixture
{
    private readonly Lazy<string?> _problem = new(Install);

    /// <summary>Where the scripts and the lock file are.</summary>
    public static string Folder { get; } = FindFolder();

    /// <summary>Skips the test where there is no Node, and fails it where there has to be one.</summary>
    public void Require()
    {
        if (_problem.Value is not { } problem)
            return;
        if (Environment.GetEnvironmentVariable("CI") == "true")
            Assert.Fail(problem);
        Assert.Skip(problem);
    }

    public Process Start(string script, params IEnumerable<string> arguments)
    {
        Require();
        var start = new ProcessStartInfo("node", [script, .. arguments])
        {
            WorkingDirectory = Folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return Process.Start(start)!;
    }

    private static string? Install()
    {
        try
        {
            _ = DebianPackage.Program("node", "nodejs");
            _ = DebianPackage.Program("npm", "npm");
            Run("node", "--version");
            if (!File.Exists(Path.Combine(Folder, "node_modules", ".package-lock.json")))
                Run("npm", "ci", "--no-audit", "--no-fund");
            return null;
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or InvalidOperationException)
        {
            return $"Node 20 with npm is needed for graphql-js, the judge of the engine: {e.Message}";
        }
    }

    private static void Run(string program, params IEnumerable<string> arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var errors = process.StandardError.ReadToEndAsync();
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {errors.Result}");
    }

    private static string FindFolder()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var path = Path.Combine(folder.FullName, "tests", "Telemetry.Api.Tests", "GraphQL", "node");
            if (Directory.Exists(path))
                return path;
        }

        throw new DirectoryNotFoundException("tests/Telemetry.Api.Tests/GraphQL/node is not above the tests' own folder.");
    }
}
