using Telemetry.Domain.Queries;

namespace Telemetry.Domain.Metering;

/// <summary>One key of metadata, as the API shows it and as filters on all keys see it.</summary>
public sealed record MetadataItem(string Key, string Value) : IRow
{
    public static readonly Field KeyField = new("key");
    public static readonly Field ValueField = new("value");

    public QueryValue this[Field field] => field == KeyField ? QueryValue.Of(Key) : field == ValueField ? QueryValue.Of(Value) : QueryValue.Null;
}
