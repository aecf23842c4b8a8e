using System.CommandLine;
using Telemetry.Api.Hosting;

namespace Telemetry.Api.CommandLine;

/// <summary><c>telemetry serve</c>: runs the server until it is told to stop.</summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        var urls = new Option<string?>("--urls") { Description = $"Where to listen, addresses between semicolons. Default: {ServerSettings.DefaultUrls}" };
        var insecure = new Option<bool>("--insecure") { Description = "Listen beyond loopback although nobody is authenticated." };
        var rabbitMq = new Option<string[]>("--rabbitmq")
        {
            Description = "A broker to take a cloud's notifications from, amqp://USER:PASSWORD@HOST:5672/VHOST or oslo.messaging's transport_url; may be repeated. Without the role ingest: the broker to hand over what is posted. Default: none",
        };
        var roles = new Option<string?>("--roles") { Description = $"What this process does, of {ServerRoles.All}. Default: all of it." };
        var command = new Command("serve", "Runs the server (the default command).") { urls, roles, insecure, rabbitMq };
        var stores = new StoreOptions(command);
        command.SetAction(async (parsed, ct) =>
        {
            try
            {
                var settings = stores.Read(parsed) with { Roles = parsed.GetValue(roles) };
                await TelemetryServer.RunAsync(new(settings, parsed.GetValue(urls), parsed.GetValue(insecure), parsed.GetValue(rabbitMq)), ct);
                return 0;
            }
            catch (ServerStartException e)
            {
                return TelemetryCommand.Fail(e.Message, TelemetryCommand.UsageError);
            }
        });
        return command;
    }
}
