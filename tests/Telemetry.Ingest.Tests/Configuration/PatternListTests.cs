using Telemetry.Ingest.Configuration;

namespace Telemetry.Ingest.Tests.Configuration;

public sealed class PatternListTests
{
    [Theory]
    [InlineData("disk.*", "disk.read.bytes", true)]
    [InlineData("disk.*", "disk", false)]
    [InlineData("disk.*", "xdisk.read", false)]
    [InlineData("*", "", true)]
    [InlineData("?isk", "disk", true)]
    [InlineData("?isk", "isk", false)]
    [InlineData("[cd]isk", "disk", true)]
    [InlineData("[!cd]isk", "disk", false)]
    [InlineData("[a-c]pu", "cpu", true)]
    [InlineData("[]]x", "]x", true)]
    [InlineData("[!]]x", "ax", true)]
    [InlineData("[^c]pu", "^pu", true)]
    [InlineData("[cpu", "[cpu", true)]
    [InlineData("[", "[", true)]
    [InlineData("a.b", "axb", false)]
    [InlineData("a+(b)", "a+(b)", true)]
    [InlineData("CPU*", "cpu", false)]
    [InlineData("*a*a*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false)]
    public void A_wildcard_matches_whole_names_as_a_shell_does(string pattern, string name, bool matches) =>
        Assert.Equal(matches, new ShellWildcard(pattern).Matches(name));

    [Theory]
    [InlineData("[cpu, 'disk.*']", "cpu", true)]
    [InlineData("[cpu, 'disk.*']", "memory", false)]
    [InlineData("['!cpu']", "memory", true)]
    [InlineData("['!cpu', '!disk.*']", "disk.x", false)]
    [InlineData("['*', '!cpu']", "cpu", false)]
    [InlineData("['*', '!cpu']", "memory", true)]
    public void An_exclusion_wins_and_exclusions_alone_choose_the_rest(string patterns, string name, bool matches) =>
        Assert.Equal(matches, PatternList.Read(YamlValue.Parse("f", patterns)).Matches(name));
}
