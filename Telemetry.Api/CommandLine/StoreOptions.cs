using System.CommandLine;
using Telemetry.Api.Hosting;
using Telemetry.Ingest.EventStores.EventStoreDb;

namespace Telemetry.Api.CommandLine;

/// <summary><c>--data</c>, <c>--log</c>, <c>--store</c> and <c>--postgres</c>, of commands that work on the stores.</summary>
internal sealed class StoreOptions
{
    private readonly Option<string?> _data = new("--data") { Description = $"The data directory. Default: ./{StoreSettings.DefaultData}" };
    private readonly Option<string?> _log = new("--log") { Description = $"Where the log is: sqlite (the default), postgres, or an EventStoreDB or KurrentDB, such as {EventStoreDbServices.Example}" };
    private readonly Option<string?> _store = new("--store") { Description = "Where the read models are: sqlite (the default) or postgres." };
    private readonly Option<string?> _postgres = new("--postgres") { Description = $"The PostgreSQL database, such as {StoreSettings.Example}" };

    public StoreOptions(Command command)
    {
        foreach (var option in (Option[])[_data, _log, _store, _postgres])
            command.Add(option);
    }

    public StoreSettings Read(ParseResult parsed) => new(parsed.GetValue(_data), parsed.GetValue(_log), parsed.GetValue(_store), parsed.GetValue(_postgres));
}
