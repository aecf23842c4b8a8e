using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Telemetry.Domain.Metering;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Telemetry.Projections.Rating;

/// <summary>Reads a tariff's YAML form. Unknown fields are refused, so that a slip of the pen costs nobody money.</summary>
public static class TariffReader
{
    /// <summary>The longest file, in bytes.</summary>
    public const int MaxLength = 1 << 20;

    public const int MaxRules = 1000;
    public const int MaxTiers = 100;

    private static readonly Dictionary<string, long> Units = new() { ["second"] = 1, ["minute"] = 60, ["hour"] = 3600, ["day"] = 86_400 };

    /// <exception cref="TariffException">The file is no tariff; the message names line, field and value.</exception>
    public static Tariff Read(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > MaxLength)
            throw new TariffException($"A tariff has at most {MaxLength} bytes, not {utf8.Length}.");
        var digest = Convert.ToHexStringLower(SHA256.HashData(utf8));
        try
        {
            var yaml = new YamlStream();
            yaml.Load(new StringReader(Encoding.UTF8.GetString(utf8)));
            return yaml.Documents is [{ RootNode: YamlMappingNode root }]
                ? ReadTariff(new Fields(root, "the tariff"), digest)
                : throw new TariffException("A tariff is one YAML document, a mapping.");
        }
        catch (YamlException e)
        {
            throw new TariffException($"Line {e.Start.Line}: {e.Message}", e);
        }
    }

    private static Tariff ReadTariff(Fields fields, string digest)
    {
        var currency = fields.Text("currency");
        if (currency is not { Length: 3 } || !currency.All(char.IsAsciiLetterUpper))
            throw fields.Wrong("currency", currency, "three capital letters, such as EUR");
        var valid = fields.Mapping("valid");
        var (from, to) = (valid?.Date("from") ?? UnixMicroseconds.Min, valid?.Date("to") ?? UnixMicroseconds.Max);
        valid?.Close();
        if (from >= to)
            throw fields.Wrong("valid", "from ... to", "a time that ends after its beginning");
        var rounding = ReadRounding(fields.Mapping("rounding"));
        var rules = fields.Sequence("rules", MaxRules).Select(ReadRule).ToArray();
        if (rules.Length == 0)
            throw fields.Wrong("rules", "[]", "a list of at least one rule");
        if (rules.GroupBy(r => r.Name).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw fields.Wrong("rules", twice.Key, "names that are each used once");
        var tariff = new Tariff(
            fields.Text("name"), currency, from, to, rounding, fields.Amount("minimum") ?? 0, fields.Duration("carry") ?? 86_400, rules, digest);
        fields.Close();
        return tariff;
    }

    private static Rounding ReadRounding(Fields? fields)
    {
        if (fields is null)
            return new(2, RoundingMode.HalfEven, 6);
        var mode = fields.OptionalText("mode");
        var rounding = new Rounding(
            fields.Integer("digits", 0, 10) ?? 2,
            mode switch
            {
                null or "half-even" => RoundingMode.HalfEven,
                "half-up" => RoundingMode.HalfUp,
                "up" => RoundingMode.Up,
                "down" => RoundingMode.Down,
                _ => throw fields.Wrong("mode", mode, "half-even, half-up, up or down"),
            },
            fields.Integer("quantity_digits", 0, 12) ?? 6);
        fields.Close();
        return rounding;
    }

    private static TariffRule ReadRule(YamlNode node, int number)
    {
        var fields = new Fields(node as YamlMappingNode ?? throw Fields.Wrong(node, $"rules[{number}]", node.ToString(), "a mapping"), $"rules[{number}]");
        var quantity = fields.OptionalText("quantity");
        var by = fields.OptionalText("by");
        var time = fields.OptionalText("time");
        var divideBy = fields.Amount("divide_by") ?? 1;
        if (divideBy == 0)
            throw fields.Wrong("divide_by", "0", "a number that is not zero");
        var life = ReadLife(fields.Mapping("events"));
        if (life is not null && quantity is not null)
            throw fields.Wrong("quantity", quantity, "left out where events are given: it is the time between them");
        var rule = new TariffRule(
            fields.Text("name"),
            life is null ? fields.Text("meter") : "",
            ReadWhere(fields.Mapping("where"), life is not null),
            quantity switch
            {
                null => null,
                "integral" => QuantityKind.Integral,
                "time" => QuantityKind.Time,
                "sum" => QuantityKind.Sum,
                "increase" => QuantityKind.Increase,
                _ => throw fields.Wrong("quantity", quantity, "integral, time, sum or increase"),
            },
            fields.Text("unit"),
            divideBy,
            time is null ? 3600 : Units.TryGetValue(time, out var seconds) ? seconds : throw fields.Wrong("time", time, "second, minute, hour or day"),
            fields.Duration("max_gap") ?? 3600,
            by switch
            {
                null or "project" => RatedBy.Project,
                "resource" => RatedBy.Resource,
                "user" => RatedBy.User,
                _ => throw fields.Wrong("by", by, "project, resource or user"),
            },
            fields.Amount("free") ?? 0,
            ReadTiers(fields),
            fields.Amount("minimum") ?? 0)
        { Life = life };
        fields.Close();
        return rule;
    }

    private static Life? ReadLife(Fields? fields)
    {
        if (fields is null)
            return null;
        var life = new Life(fields.Text("from"), fields.Text("to"), fields.OptionalText("of") ?? "resource_id");
        fields.Close();
        return life;
    }

    private static List<KeyValuePair<string, string>> ReadWhere(Fields? fields, bool ofEvents)
    {
        var where = new List<KeyValuePair<string, string>>();
        foreach (var name in fields?.Names() ?? [])
        {
            if (ofEvents && (name is not ("resource_id" or "user_id") && !(name.StartsWith(TariffRule.TraitPrefix, StringComparison.Ordinal) && name.Length > TariffRule.TraitPrefix.Length)))
                throw fields!.Wrong(name, "", "resource_id, user_id or traits.NAME");
            if (!ofEvents && name is not ("resource_id" or "user_id" or "source" or "unit") && !(name.StartsWith("metadata.", StringComparison.Ordinal) && name.Length > 9))
                throw fields!.Wrong(name, "", "resource_id, user_id, source, unit or metadata.PATH");
            where.Add(new(name, fields!.Text(name)));
        }
        return where;
    }

    private static Tier[] ReadTiers(Fields fields)
    {
        var price = fields.Signed("price");
        var tiers = fields.Sequence("tiers", MaxTiers).Select((node, n) =>
        {
            var tier = new Fields(node as YamlMappingNode ?? throw Fields.Wrong(node, $"tiers[{n}]", node.ToString(), "a mapping"), $"tiers[{n}]");
            var read = new Tier(tier.Amount("up_to"), tier.Signed("price") ?? throw tier.Wrong("price", null, "a decimal number"));
            tier.Close();
            return read;
        }).ToArray();
        if (price is not null == tiers.Length > 0)
            throw fields.Wrong("price", price?.ToString(CultureInfo.InvariantCulture), "given alone, or tiers instead of it");
        if (price is not null)
            return [new(null, price.Value)];
        for (var i = 0; i < tiers.Length; i++)
        {
            if (tiers[i].UpTo is null != (i == tiers.Length - 1) || (i > 0 && tiers[i].UpTo <= tiers[i - 1].UpTo))
                throw fields.Wrong("tiers", $"[{i}]", "in ascending order of up_to, which the last one alone has not");
        }
        return tiers;
    }
}
