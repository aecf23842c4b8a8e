using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Telemetry.Conformance;

namespace Telemetry.Api.Tests.GraphQL.Ide;

/// <summary>
/// A headless Chromium with one page, driven over its DevTools protocol. Loopback is the only thing it can reach: whatever it asks for elsewhere,
/// page, worker or browser, goes to a proxy that answers nothing and keeps the address.
/// </summary>
internal sealed class Chromium : IAsyncDisposable
{
    private static readonly Regex BrowsersOwn = new(@"^\w+ (\w+://)?[\w.-]+\.(google|googleapis|gvt1)\.com[:/ ]", RegexOptions.CultureInvariant);
    private static readonly string? Program = DebianPackage.Program("chromium", "chromium");

    private readonly Process _process;
    private readonly TemporaryDirectory _profile;
    private readonly DeadEndProxy _proxy;
    private readonly ClientWebSocket _socket = new();
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonNode>> _calls = new();
    private readonly ConcurrentQueue<string> _requests = new();
    private readonly ConcurrentQueue<string> _refusals = new();
    private readonly CancellationTokenSource _closing = new();
    private Task _reading = Task.CompletedTask;
    private string? _page;
    private int _lastCall;

    private Chromium(Process process, TemporaryDirectory profile, DeadEndProxy proxy) => (_process, _profile, _proxy) = (process, profile, proxy);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>What the page asked for, and its workers: addresses.</summary>
    public IReadOnlyCollection<string> Requests => _requests;

    /// <summary>What the page's own policy forbade it, and other errors that the browser logged.</summary>
    public IReadOnlyCollection<string> Refusals => _refusals;

    /// <summary>What was asked for beyond loopback. The browser's own services (time, updates, accounts) are left out; a page that asks them is seen in <see cref="Requests"/>.</summary>
    public IReadOnlyCollection<string> Escapes => [.. _proxy.Asked.Where(line => !BrowsersOwn.IsMatch(line))];

    /// <summary>Skips the test where there is no Chromium and none can be installed, and fails it where there has to be one.</summary>
    public static async Task<Chromium> StartAsync()
    {
        if (Program is null)
        {
            const string Problem = "Chromium is needed (Debian's package chromium) to open the IDEs.";
            if (Environment.GetEnvironmentVariable("CI") == "true")
                Assert.Fail(Problem);
            Assert.Skip(Problem);
        }

        var profile = new TemporaryDirectory();
        var proxy = new DeadEndProxy();
        var process = Process.Start(new ProcessStartInfo(Program!,
        [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1400,900", "--hide-scrollbars", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-default-apps", "--disable-extensions", "--no-pings",
            "--disable-domain-reliability", "--disable-breakpad", "--disable-crash-reporter", "--disable-client-side-phishing-detection", "--metrics-recording-only", "--dns-prefetch-disable",
            "--disable-features=OptimizationHints,MediaRouter,Translate,AutofillServerCommunication", "--lang=en-US",
            $"--proxy-server=http://127.0.0.1:{proxy.Port}", $"--user-data-dir={profile.Path}", "--remote-debugging-port=0", "about:blank",
        ])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
        var chromium = new Chromium(process, profile, proxy);
        try
        {
            await chromium.ConnectAsync();
            return chromium;
        }
        catch
        {
            await chromium.DisposeAsync();
            throw;
        }
    }

    public async Task OpenAsync(string url) => await CallAsync("Page.navigate", new JsonObject { ["url"] = url });

    /// <summary>The value of an expression; a promise is awaited.</summary>
    public async Task<JsonNode?> EvaluateAsync(string expression)
    {
        var answer = await CallAsync(
            "Runtime.evaluate", new JsonObject { ["expression"] = expression, ["awaitPromise"] = true, ["returnByValue"] = true, ["userGesture"] = true });
        return answer["exceptionDetails"] is { } failure ? throw new InvalidOperationException(failure.ToJsonString()) : answer["result"]!["value"];
    }

    /// <summary>Waits until an expression is true, looked at whenever the page changes.</summary>
    /// <exception cref="TimeoutException">It did not come true within half a minute; a screenshot was taken.</exception>
    public async Task UntilAsync(string condition)
    {
        var waiting = EvaluateAsync($$"""
            new Promise(done => {
              const look = () => { try { if ({{condition}}) { watch.disconnect(); clearInterval(often); done(true); } } catch { } };
              const watch = new MutationObserver(look), often = setInterval(look, 100);
              watch.observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
              look();
            })
            """);
        try
        {
            await waiting.WaitAsync(TimeSpan.FromSeconds(30), Ct);
        }
        catch (TimeoutException e)
        {
            var shot = await ScreenshotAsync("failed");
            throw new TimeoutException($"The page did not come to {condition}; see {shot}. It asked for {string.Join(' ', Requests.TakeLast(5))}. {string.Join(' ', Refusals)}", e);
        }
    }

    /// <summary>A click on the element that an expression gives, once it is there and enabled. Not by its place: panes slide.</summary>
    public async Task ClickAsync(string element)
    {
        await UntilAsync($"({element}).getBoundingClientRect().width > 0 && !({element}).disabled");
        await EvaluateAsync($"({element}).click()");
    }

    /// <summary>Replaces all that the focused editor holds.</summary>
    public async Task TypeOverAsync(string text)
    {
        foreach (var type in (string[])["keyDown", "keyUp"])
        {
            await CallAsync("Input.dispatchKeyEvent", new JsonObject
            {
                ["type"] = type,
                ["modifiers"] = 2,
                ["key"] = "a",
                ["code"] = "KeyA",
                ["windowsVirtualKeyCode"] = 65,
                ["commands"] = new JsonArray("selectAll"),
            });
        }

        await CallAsync("Input.insertText", new JsonObject { ["text"] = text });
    }

    /// <summary>For the eyes of whoever looks; kept beside the test results.</summary>
    /// <returns>Its path.</returns>
    public async Task<string> ScreenshotAsync(string name)
    {
        var answer = await CallAsync("Page.captureScreenshot", new JsonObject { ["format"] = "png" });
        var folder = Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "TestResults", "screenshots")).FullName;
        var path = Path.Combine(folder, $"{name}.png");
        await File.WriteAllBytesAsync(path, Convert.FromBase64String(answer["data"]!.GetValue<string>()), Ct);
        return path;
    }

    public async ValueTask DisposeAsync()
    {
        // Not WaitForExitAsync: it waits for the output's end too, which a helper process of the browser can hold open.
        var exited = new TaskCompletionSource();
        _process.Exited += (_, _) => exited.TrySetResult();
        _process.EnableRaisingEvents = true;
        if (_process.HasExited)
            exited.TrySetResult();
        var ended = exited.Task;
        if (_socket.State == WebSocketState.Open)
        {
            _ = CallAsync("Browser.close", [], null);
            await ended.WaitAsync(TimeSpan.FromSeconds(10), CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (!ended.IsCompleted)
            _process.Kill(entireProcessTree: true);
        await ended;
        await _closing.CancelAsync();
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _closing.Dispose();
        _socket.Dispose();
        _process.Dispose();
        await _proxy.DisposeAsync();
        try
        {
            _profile.Dispose();
        }
        catch (IOException)
        {
            // A helper process of the browser is still writing: the system clears what is left.
        }
    }

    private async Task ConnectAsync()
    {
        const string Announcement = "DevTools listening on ";
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        var announced = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        _process.ErrorDataReceived += (_, e) =>
        {
            if (e.Data is null)
                announced.TrySetException(new InvalidOperationException("Chromium ended before it listened."));
            else if (e.Data.StartsWith(Announcement, StringComparison.Ordinal))
                announced.TrySetResult(e.Data[Announcement.Length..]);
        };
        _process.OutputDataReceived += static (_, _) => { };
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
        var address = await announced.Task.WaitAsync(patience.Token);
        await _socket.ConnectAsync(new(address), patience.Token);
        _reading = ReadAsync();
        var targets = (await CallAsync("Target.getTargets", []))["targetInfos"]!.AsArray();
        var target = targets.First(t => t!["type"]!.GetValue<string>() == "page")!["targetId"]!.DeepClone();
        var attached = await CallAsync("Target.attachToTarget", new JsonObject { ["targetId"] = target, ["flatten"] = true });
        _page = attached["sessionId"]!.GetValue<string>();
        await WatchAsync(_page);
        await CallAsync("Page.enable", []);
        await CallAsync("Target.setAutoAttach", new JsonObject { ["autoAttach"] = true, ["waitForDebuggerOnStart"] = true, ["flatten"] = true });
    }

    private async Task WatchAsync(string session)
    {
        await CallAsync("Network.enable", [], session);
        await CallAsync("Log.enable", [], session);
    }

    private Task<JsonNode> CallAsync(string method, JsonObject parameters) => CallAsync(method, parameters, _page);

    private async Task<JsonNode> CallAsync(string method, JsonObject parameters, string? session)
    {
        var id = Interlocked.Increment(ref _lastCall);
        var call = new JsonObject { ["id"] = id, ["method"] = method, ["params"] = parameters };
        if (session is not null)
            call["sessionId"] = session;
        var answer = new TaskCompletionSource<JsonNode>(TaskCreationOptions.RunContinuationsAsynchronously);
        _calls[id] = answer;
        await _socket.SendAsync(Encoding.UTF8.GetBytes(call.ToJsonString()), WebSocketMessageType.Text, endOfMessage: true, Ct);
        var message = await answer.Task.WaitAsync(TimeSpan.FromSeconds(60), Ct);
        return message["error"] is { } error ? throw new InvalidOperationException($"{method}: {error.ToJsonString()}") : message["result"]!;
    }

    private async Task ReadAsync()
    {
        var buffer = new MemoryStream();
        var part = new byte[1 << 16];
        while (true)
        {
            var read = await _socket.ReceiveAsync(part, _closing.Token);
            if (read.MessageType == WebSocketMessageType.Close)
                return;
            buffer.Write(part, 0, read.Count);
            if (!read.EndOfMessage)
                continue;
            var message = JsonNode.Parse(buffer.ToArray())!;
            buffer.SetLength(0);
            if (message["id"] is { } id)
            {
                if (_calls.TryRemove(id.GetValue<int>(), out var call))
                    call.SetResult(message);
            }
            else
            {
                Note(message["method"]!.GetValue<string>(), message["params"]!);
            }
        }
    }

    private void Note(string method, JsonNode what)
    {
        switch (method)
        {
            case "Network.requestWillBeSent":
                if (what["request"]!["url"]!.GetValue<string>() is var address && !address.StartsWith("data:", StringComparison.Ordinal))
                    _requests.Enqueue(address);
                break;
            case "Network.webSocketCreated":
                _requests.Enqueue(what["url"]!.GetValue<string>());
                break;
            case "Log.entryAdded" when what["entry"]!["level"]!.GetValue<string>() == "error":
                _refusals.Enqueue($"{what["entry"]!["text"]} {what["entry"]!["url"]}");
                break;
            case "Target.attachedToTarget":
                _ = BeginAsync(what["sessionId"]!.GetValue<string>());
                break;
        }
    }

    /// <summary>A worker waits until it is watched.</summary>
    private async Task BeginAsync(string worker)
    {
        try
        {
            await CallAsync("Network.enable", [], worker);
        }
        catch (InvalidOperationException)
        {
            // A kind of target that has no network of its own.
        }

        await CallAsync("Runtime.runIfWaitingForDebugger", [], worker);
    }
}
