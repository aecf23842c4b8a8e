namespace Telemetry.Ingest.Configuration;

/// <summary>Names chosen by shell wildcards, those with <c>!</c> before them excluded; only exclusions choose everything else.</summary>
internal sealed class PatternList
{
    private readonly ShellWildcard[] _included;
    private readonly ShellWildcard[] _excluded;

    private PatternList(ShellWildcard[] included, ShellWildcard[] excluded) => (_included, _excluded) = (included, excluded);

    /// <summary>Reads a text or a list of texts.</summary>
    /// <exception cref="ConfigurationFileException">It is neither, or empty, or a pattern is too long.</exception>
    public static PatternList Read(YamlValue yaml)
    {
        var included = new List<ShellWildcard>();
        var excluded = new List<ShellWildcard>();
        foreach (var item in yaml.ItemsOrSelf())
        {
            var text = item.Text();
            try
            {
                (text.StartsWith('!') ? excluded : included).Add(new(text.TrimStart('!')));
            }
            catch (ArgumentException e)
            {
                throw item.Error($"'{text}' is no pattern: {e.Message}", e);
            }
        }
        return included.Count + excluded.Count > 0 ? new([.. included], [.. excluded]) : throw yaml.Error("The list of patterns is empty.");
    }

    /// <summary>Reads a list of names as sources have it: names to include, or to exclude, or <c>*</c> with some excluded.</summary>
    /// <exception cref="ConfigurationFileException">As <see cref="Read"/>, or it is mixed otherwise.</exception>
    public static PatternList ReadNames(YamlValue yaml)
    {
        var given = yaml.Items().Select(p => p.Text()).ToList();
        var (plain, negated) = (given.Exists(p => p != "*" && !p.StartsWith('!')), given.Exists(p => p.StartsWith('!')));
        if (plain && negated)
            throw yaml.Error($"Names to include and names to exclude stand together: {string.Join(", ", given)}.");
        if (plain && given.Contains("*"))
            throw yaml.Error($"'*' stands together with other names: {string.Join(", ", given)}.");
        return Read(yaml);
    }

    public bool Matches(string name) =>
        !_excluded.Any(p => p.Matches(name)) && (_included.Length == 0 || _included.Any(p => p.Matches(name)));

    public override string ToString() => string.Join(", ", _included.Select(p => p.ToString()).Concat(_excluded.Select(p => $"!{p}")));
}
