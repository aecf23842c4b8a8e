using System.CommandLine;
using System.Text.Json;
using Telemetry.Domain.Audit;

namespace Telemetry.Api.CommandLine;

/// <summary><c>telemetry keys new | list | revoke</c>: the keys that senders sign with.</summary>
internal static class KeysCommand
{
    public static Command Create() => new("keys", "The keys that senders sign with: makes, lists and revokes them.") { New(), List(), Revoke() };

    private static Command New()
    {
        var file = new Argument<FileInfo>("FILE") { Description = "Where the private key is written; the file must not exist." };
        var id = new Option<string?>("--id") { Description = "The key's id. Default: the first 16 hexadecimal digits of its SHA-256." };
        var project = new Option<string?>("--project") { Description = "The only project that it signs for. Default: any." };
        var description = new Option<string?>("--description") { Description = "For people." };
        var server = ServerOption.Create("The server that the public key is registered with.");
        var command = new Command("new", "Makes a key, writes it to a file and registers its public part.") { file, id, project, description, server };
        command.SetAction((parsed, ct) => NewAsync(
            parsed.GetValue(file)!, parsed.GetValue(server)!, new { id = parsed.GetValue(id), project_id = parsed.GetValue(project), description = parsed.GetValue(description) }, ct));
        return command;

        static Task<int> NewAsync<T>(FileInfo file, Uri server, T properties, CancellationToken ct) => DataCommand.AskAsync(server, async client =>
        {
            using var key = P256.Create();
            try
            {
                var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
                if (!OperatingSystem.IsWindows())
                    options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
                await using var writer = new StreamWriter(file.FullName, options);
                await writer.WriteAsync(key.ExportPkcs8PrivateKeyPem() + "\n");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return TelemetryCommand.Fail(e.Message, TelemetryCommand.UsageError);
            }
            var body = JsonSerializer.SerializeToNode(properties)!.AsObject();
            body["public_key"] = key.ExportSubjectPublicKeyInfoPem();
            using var response = await client.PostAsJsonAsync("v2/keys", body, ct);
            if (!response.IsSuccessStatusCode)
            {
                file.Delete();
                return await DataCommand.FailAsync(response, ct);
            }
            Console.WriteLine($"Key {(await response.Content.ReadFromJsonAsync<JsonElement>(ct)).GetProperty("id").GetString()} is registered; its private part is in {file}.");
            return 0;
        });
    }

    private static Command List()
    {
        var server = ServerOption.Create("The server.");
        var command = new Command("list", "Lists all keys.") { server };
        command.SetAction((parsed, ct) => DataCommand.AskAsync(parsed.GetValue(server)!, async client =>
        {
            foreach (var key in (await client.GetFromJsonAsync<JsonElement>("v2/keys", ct)).EnumerateArray())
            {
                var project = key.GetProperty("project_id").GetString();
                Console.WriteLine($"{key.GetProperty("id").GetString(),-20} {key.GetProperty("state").GetString(),-8} {(project is null ? "any project" : $"project {project}"),-44} {key.GetProperty("description").GetString()}".TrimEnd());
            }
            return 0;
        }));
        return command;
    }

    private static Command Revoke()
    {
        var id = new Argument<string>("ID") { Description = "The key's id." };
        var reason = new Option<string?>("--reason") { Description = "Why, for people." };
        var server = ServerOption.Create("The server.");
        var command = new Command("revoke", "Revokes a key for what is signed from now on.") { id, reason, server };
        command.SetAction((parsed, ct) => DataCommand.AskAsync(parsed.GetValue(server)!, async client =>
        {
            var query = parsed.GetValue(reason) is { } why ? $"?reason={Uri.EscapeDataString(why)}" : "";
            using var response = await client.DeleteAsync($"v2/keys/{Uri.EscapeDataString(parsed.GetValue(id)!)}{query}", ct);
            if (!response.IsSuccessStatusCode)
                return await DataCommand.FailAsync(response, ct);
            Console.WriteLine($"Key {parsed.GetValue(id)} is revoked.");
            return 0;
        }));
        return command;
    }
}
