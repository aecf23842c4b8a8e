using System.Text.Encodings.Web;

namespace Telemetry.Api.GraphQL.Http.Ide;

/// <summary>What a browser sees where the build had no npm: the endpoint works, its pages are not there.</summary>
internal static class MissingPage
{
    /// <param name="url">The endpoint's own, without a slash at its end.</param>
    /// <param name="schema">The schema's, relative to the page.</param>
    public static string Html(string url, string schema) => $$"""
        <!doctype html>
        <html lang="en">
        <head>
          <meta charset="utf-8">
          <meta name="viewport" content="width=device-width, initial-scale=1">
          <title>GraphQL · Telemetry</title>
          <style>
            body { margin: 0 auto; max-width: 42rem; padding: 3rem 1.5rem; font: 1rem/1.6 system-ui, sans-serif; color: #1c2733; background: #fff }
            h1 { font-size: 1.6rem; margin: 0 0 1rem } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
            pre { padding: .9rem 1.1rem; overflow: auto; background: #f1f4f7; border-radius: 6px } code { font: .9rem/1.5 ui-monospace, monospace }
            a { color: #24569e } @media (prefers-color-scheme: dark) { body { color: #dfe6ee; background: #151b22 } pre { background: #202933 } a { color: #8ab8f5 } }
          </style>
        </head>
        <body>
          <h1>The explorer is not in this build</h1>
          <p>This is the GraphQL endpoint. Its pages, Banana Cake Pop and GraphiQL, were left out: npm fetches them while the server is built, and it was missing or could not reach its registry.</p>
          <h2>To get them</h2>
          <p>Install Node.js 18 or later with npm, build the server again, and restart it:</p>
          <pre><code>dotnet build -c Release Telemetry.Api</code></pre>
          <h2>Without them</h2>
          <p>Queries, mutations and subscriptions are answered all the same; this server's schema is a <a href="{{schema}}">file</a> that any GraphQL tool reads.</p>
          <pre><code>curl {{HtmlEncoder.Default.Encode(url)}} \
          -H 'Content-Type: application/json' \
          -d '{"query":"{ __typename }"}'</code></pre>
        </body>
        </html>
        """;
}
