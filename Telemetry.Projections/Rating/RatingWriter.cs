using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Telemetry.Domain.Metering;

namespace Telemetry.Projections.Rating;

/// <summary>How a rating is written.</summary>
public enum RatingFormat
{
    Table,
    Csv,
    Json,
}

/// <summary>Writes ratings: the same rating always gives the same bytes (UTF-8, line feeds, a point in numbers).</summary>
public static class RatingWriter
{
    private static readonly JsonWriterOptions JsonOptions = new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="checkpoint">The signed checkpoint that the log was under, for JSON; null for none.</param>
    public static byte[] Write(Rating rating, RatingFormat format, string? checkpoint = null) => format switch
    {
        RatingFormat.Json => Json(writer => WriteJson(writer, rating, checkpoint)),
        RatingFormat.Csv => Csv(
            ["rule", "by", "quantity", "unit", "free", "amount", "currency", "samples", "first_position", "last_position"],
            rating.Lines.Select(l => (string?[])[l.Rule, l.By, Number(l.Quantity), l.Unit, Number(l.Free), Amount(rating, l.Amount), rating.Tariff.Currency, Number(l.Samples), Number(l.FirstPosition), Number(l.LastPosition)])),
        _ => Table(
            $"Project {rating.ProjectId}, {rating.Month}, tariff {rating.Tariff.Name} ({rating.Tariff.Digest[..12]}){AsOf(rating)}\n"
            + $"{Number(rating.Samples)} samples of stream {rating.Stream} up to version {Number(rating.Version)}, position {Number(rating.Position)}\n\n",
            ["Rule", "By", ">Quantity", "Unit", ">Free", $">{rating.Tariff.Currency}", ">Samples", ">Positions"],
            rating.Lines.Select(l => (string?[])[l.Rule, l.By, Number(l.Quantity), l.Unit, Number(l.Free), Amount(rating, l.Amount), Number(l.Samples), l.LastPosition == 0 ? "" : $"{Number(l.FirstPosition)}-{Number(l.LastPosition)}"]),
            ["Total", null, null, null, null, Amount(rating, rating.Total), null, null]),
    };

    public static byte[] Write(RatingDiff diff, RatingFormat format) => format switch
    {
        RatingFormat.Json => Json(writer => WriteJson(writer, diff)),
        RatingFormat.Csv => Csv(
            ["rule", "by", "unit", "quantity_before", "quantity_after", "amount_before", "amount_after", "change", "currency"],
            diff.Lines.Select(l => (string?[])[l.Rule, l.By, l.Unit, Number(l.QuantityBefore), Number(l.QuantityAfter), Amount(diff.Before, l.AmountBefore), Amount(diff.After, l.AmountAfter), Amount(diff.After, l.AmountAfter - l.AmountBefore), diff.After.Tariff.Currency])),
        _ => Table(
            $"Project {diff.After.ProjectId}, {diff.After.Month}: tariff {diff.Before.Tariff.Name} ({diff.Before.Tariff.Digest[..12]}){AsOf(diff.Before)} against {diff.After.Tariff.Name} ({diff.After.Tariff.Digest[..12]}){AsOf(diff.After)}\n\n",
            ["Rule", "By", "Unit", ">Quantity before", ">after", $">{diff.After.Tariff.Currency} before", ">after", ">change"],
            diff.Lines.Select(l => (string?[])[l.Rule, l.By, l.Unit, Number(l.QuantityBefore), Number(l.QuantityAfter), Amount(diff.Before, l.AmountBefore), Amount(diff.After, l.AmountAfter), Amount(diff.After, l.AmountAfter - l.AmountBefore)]),
            ["Total", null, null, null, null, Amount(diff.Before, diff.Before.Total), Amount(diff.After, diff.After.Total), Amount(diff.After, diff.Total)]),
    };

    private static void WriteJson(Utf8JsonWriter json, Rating rating, string? checkpoint)
    {
        json.WriteStartObject();
        json.WriteString("rating", "telemetry/rating/v1");
        WriteHead(json, rating);
        json.WriteStartArray("lines");
        foreach (var line in rating.Lines)
        {
            json.WriteStartObject();
            json.WriteString("rule", line.Rule);
            json.WriteString("by", line.By);
            json.WriteString("quantity", Number(line.Quantity));
            json.WriteString("unit", line.Unit);
            json.WriteString("free", Number(line.Free));
            json.WriteStartArray("parts");
            foreach (var part in line.Parts)
            {
                json.WriteStartObject();
                json.WriteString("quantity", Number(part.Quantity));
                json.WriteString("price", Number(part.Price));
                json.WriteString("amount", Number(part.Amount));
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteString("amount", Amount(rating, line.Amount));
            json.WriteNumber("samples", line.Samples);
            json.WriteNumber("first_position", line.FirstPosition);
            json.WriteNumber("last_position", line.LastPosition);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteString("total", Amount(rating, rating.Total));
        if (checkpoint is not null)
            json.WriteString("checkpoint", checkpoint);
        json.WriteEndObject();
    }

    private static void WriteJson(Utf8JsonWriter json, RatingDiff diff)
    {
        json.WriteStartObject();
        json.WriteString("rating", "telemetry/rating-diff/v1");
        json.WriteStartObject("before");
        WriteHead(json, diff.Before);
        json.WriteString("total", Amount(diff.Before, diff.Before.Total));
        json.WriteEndObject();
        json.WriteStartObject("after");
        WriteHead(json, diff.After);
        json.WriteString("total", Amount(diff.After, diff.After.Total));
        json.WriteEndObject();
        json.WriteStartArray("lines");
        foreach (var line in diff.Lines)
        {
            json.WriteStartObject();
            json.WriteString("rule", line.Rule);
            json.WriteString("by", line.By);
            json.WriteString("unit", line.Unit);
            json.WriteString("quantity_before", Number(line.QuantityBefore));
            json.WriteString("quantity_after", Number(line.QuantityAfter));
            json.WriteString("amount_before", Amount(diff.Before, line.AmountBefore));
            json.WriteString("amount_after", Amount(diff.After, line.AmountAfter));
            json.WriteString("change", Amount(diff.After, line.AmountAfter - line.AmountBefore));
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteString("change", Amount(diff.After, diff.Total));
        json.WriteEndObject();
    }

    private static void WriteHead(Utf8JsonWriter json, Rating rating)
    {
        json.WriteString("project_id", rating.ProjectId);
        json.WriteString("month", rating.Month);
        json.WriteStartObject("tariff");
        json.WriteString("name", rating.Tariff.Name);
        json.WriteString("sha256", rating.Tariff.Digest);
        json.WriteEndObject();
        json.WriteString("currency", rating.Tariff.Currency);
        if (rating.AsOfPosition is { } position)
            json.WriteNumber("as_of_position", position);
        if (rating.AsOfTime is { } time)
            json.WriteString("as_of_time", UnixMicroseconds.Format(UnixMicroseconds.From(time)));
        json.WriteString("stream", rating.Stream);
        json.WriteNumber("version", rating.Version);
        json.WriteNumber("position", rating.Position);
        json.WriteNumber("samples", rating.Samples);
    }

    private static byte[] Json(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, JsonOptions))
            write(json);
        buffer.Write("\n"u8);
        return buffer.WrittenSpan.ToArray();
    }

    private static byte[] Csv(string[] head, IEnumerable<string?[]> rows)
    {
        var text = new StringBuilder();
        foreach (var row in rows.Prepend(head))
            text.AppendJoin(',', row.Select(Quote)).Append('\n');
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>A text as RFC 4180 has it; one that a spreadsheet would take for a formula is set behind an apostrophe.</summary>
    private static string Quote(string? text)
    {
        text ??= "";
        if (text is ['=' or '+' or '@' or '\t' or '\r', ..] || (text is ['-', ..] && !decimal.TryParse(text, NumberStyles.Number, CultureInfo.InvariantCulture, out _)))
            text = $"'{text}";
        return text.AsSpan().IndexOfAny(",\"\r\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }

    /// <summary>Columns as wide as their widest text; a head that begins with &gt; has its column on the right.</summary>
    private static byte[] Table(string title, string[] head, IEnumerable<string?[]> rows, string?[] total)
    {
        var right = head.Select(h => h.StartsWith('>')).ToArray();
        string?[][] all = [[.. head.Select(h => h.TrimStart('>'))], .. rows.Select(r => r.Select(Printable).ToArray()), total];
        var widths = head.Select((_, i) => all.Max(r => r[i]?.Length ?? 0)).ToArray();
        var text = new StringBuilder(title);
        foreach (var (row, n) in all.Select((r, n) => (r, n)))
        {
            if (n == 1 || n == all.Length - 1)
                text.Append('-', widths.Sum() + (2 * (widths.Length - 1))).Append('\n');
            var line = string.Join("  ", row.Select((cell, i) => right[i] ? (cell ?? "").PadLeft(widths[i]) : (cell ?? "").PadRight(widths[i])));
            text.Append(line.TrimEnd()).Append('\n');
        }
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static string? Printable(string? cell) => cell is null ? null : string.Concat(cell.Select(c => char.IsControl(c) ? '?' : c));

    private static string AsOf(Rating rating) =>
        (rating.AsOfPosition is { } position ? $", as of position {Number(position)}" : "")
        + (rating.AsOfTime is { } time ? $", as of {UnixMicroseconds.Format(UnixMicroseconds.From(time))}" : "");

    private static string Number(decimal value) => value.ToString("0.############################", CultureInfo.InvariantCulture);

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Amount(Rating rating, decimal value) => value.ToString($"F{rating.Tariff.Rounding.AmountDigits}", CultureInfo.InvariantCulture);
}
