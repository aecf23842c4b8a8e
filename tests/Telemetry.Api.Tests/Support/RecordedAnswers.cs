using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;

namespace Telemetry.Api.Tests.Support;

/// <summary>Writes down what the tests were answered, a file each, where <see cref="Variable"/> names a directory; <c>tests/same_answers.py</c> compares those of two stores.</summary>
internal static partial class RecordedAnswers
{
    public const string Variable = "TELEMETRY_TEST_ANSWERS";

    /// <summary>To be the first of the middlewares.</summary>
    public static WebApplication UseRecordedAnswers(this WebApplication app)
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } directory)
            return app;
        var test = TestContext.Current.Test?.TestDisplayName ?? TestContext.Current.TestClass!.TestClassName;
        var file = Path.Combine(directory, FileName().Replace(test, "_") is var name && name.Length > 150 ? $"{name[..150]}-{StableHash(test)}" : name);
        var gate = new Lock();
        app.Use(async (context, next) =>
        {
            if (context.Request.Path.Value!.EndsWith("/subscribe", StringComparison.Ordinal)) // has no end
            {
                await next(context);
                return;
            }
            var body = context.Response.Body;
            using var copy = new MemoryStream();
            context.Response.Body = copy;
            try
            {
                await next(context);
            }
            finally
            {
                context.Response.Body = body;
            }
            await body.WriteAsync(copy.ToArray(), context.RequestAborted);
            var text = new StringBuilder($"{context.Request.Method} {context.Request.Path}{context.Request.QueryString}\n{context.Response.StatusCode}\n");
            foreach (var (header, values) in context.Response.Headers.OrderBy(h => h.Key, StringComparer.Ordinal))
                text.Append(CultureInfo.InvariantCulture, $"{header}: {values}\n");
            text.Append(Encoding.UTF8.GetString(copy.ToArray())).Append("\n\n");
            lock (gate)
                File.AppendAllText(file, text.ToString());
        });
        return app;
    }

    private static string StableHash(string text) => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16];

    [GeneratedRegex("[^A-Za-z0-9_.,:()-]")]
    private static partial Regex FileName();
}
