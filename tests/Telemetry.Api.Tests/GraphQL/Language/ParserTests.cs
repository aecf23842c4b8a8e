using System.Text;
using Telemetry.Api.GraphQL.Language;
using Telemetry.Api.GraphQL.Types;
using Telemetry.Api.Tests.GraphQL.Judges;
using Telemetry.Api.Tests.GraphQL.Validation;

namespace Telemetry.Api.Tests.GraphQL.Language;

public sealed class ParserTests(NodeFixture node)
{
    [Theory]
    [InlineData("{ a", "Expected a name, found the end of the document.", 1, 4)]
    [InlineData("{ ...MissingOn }\nfragment MissingOn Type", "Expected \"on\", found the name \"Type\".", 2, 20)]
    [InlineData("{ field: {} }", "Expected a name, found \"{\".", 1, 10)]
    [InlineData("notAnOperation Foo { field }", "Unexpected the name \"notAnOperation\".", 1, 1)]
    [InlineData("...", "Unexpected \"...\".", 1, 1)]
    [InlineData("{ ...on }", "Expected a name, found \"}\".", 1, 9)]
    [InlineData("fragment on on on { on }", "Unexpected the name \"on\".", 1, 10)]
    [InlineData("query ($x: Int = $y) { a }", "Unexpected \"$\".", 1, 18)]
    [InlineData("{ a(x: 01) }", "A number does not begin with a zero and another digit.", 1, 9)]
    [InlineData("{ a(x: 1.) }", "Expected a digit, found ')'.", 1, 10)]
    [InlineData("{ a(x: 1a) }", "A number ends before a point or a letter.", 1, 9)]
    [InlineData("{ a(x: .5) }", "A number needs a digit before its point.", 1, 8)]
    [InlineData("{ a(x: \"b) }", "The string has no end on its line.", 1, 13)]
    [InlineData("{ a(x: \"\\q\") }", "A backslash begins one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX \\u{X}.", 1, 9)]
    [InlineData("{ a(x: \"\\u{D800}\") }", "\\u{…} holds the hexadecimal number of a Unicode scalar value.", 1, 9)]
    [InlineData("{ a(x: \"\\uD800\") }", "\\u is followed by four hexadecimal digits, and a high surrogate by a low one.", 1, 9)]
    [InlineData("{ a() }", "Expected a name, found \")\".", 1, 5)]
    [InlineData("{ a ? }", "Unexpected character: '?'.", 1, 5)]
    [InlineData("\"d\" { a }", "Unexpected \"{\".", 1, 5)]
    [InlineData("", "Unexpected the end of the document.", 1, 1)]
    public void A_fault_is_told_with_its_place(string document, string message, int line, int column)
    {
        var error = Assert.Throws<SyntaxException>(() => Parser.ParseDocument(document));
        Assert.Equal(message, error.Message);
        Assert.Equal(new Location(line, column), error.Location);
        Assert.Equal("GRAPHQL_PARSE_FAILED", error.Code);
    }

    [Theory]
    [InlineData("\"simple\"", "simple")]
    [InlineData("\" white space \"", " white space ")]
    [InlineData("\"q \\\" \\\\ \\/ \\b\\f\\n\\r\\t\"", "q \" \\ / \b\f\n\r\t")]
    [InlineData("\"\\u00e9\\u{1F600}\\uD83D\\uDE00\"", "é😀😀")]
    [InlineData("\"\"\"\n    Hello,\n      World!\n\n    Yours,\n      GraphQL.\n    \"\"\"", "Hello,\n  World!\n\nYours,\n  GraphQL.")]
    [InlineData("\"\"\"a \\\"\"\" b\"\"\"", "a \"\"\" b")]
    [InlineData("\"\"\"\r\n  a\r  b\n\"\"\"", "a\nb")]
    [InlineData("\"\"\"\"\"\"", "")]
    public void Strings_mean_what_the_specification_says(string literal, string value) =>
        Assert.Equal(value, Assert.IsType<StringValueNode>(Parser.ParseValue(literal)).Value);

    [Theory]
    [InlineData("a\n  b")]
    [InlineData("  a\n  b")]
    [InlineData("\n a")]
    [InlineData("ends in \"")]
    [InlineData("ends in \\")]
    [InlineData("\"\"\" inside \"\"\"")]
    [InlineData("tab\tand\u0001control")]
    [InlineData(" leading")]
    [InlineData("")]
    public void A_block_string_that_is_printed_is_read_back(string value)
    {
        var printed = new StringValueNode(0, value, block: true).ToString();
        Assert.Equal(value, Assert.IsType<StringValueNode>(Parser.ParseValue(printed)).Value);
    }

    [Fact]
    public void What_is_printed_is_printed_the_same_again()
    {
        var schema = SdlSchemaReader.Read(TestSchema.Sdl);
        var random = new RandomDocuments(schema, seed: 7);
        foreach (var text in Enumerable.Range(0, 500).Select(_ => random.Next()).Append(TestSchema.Sdl).Append(Everything))
        {
            var once = Parser.ParseDocument(text).ToString();
            Assert.Equal(once, Parser.ParseDocument(once).ToString());
        }
    }

    [Fact]
    public void Graphql_js_reads_the_same_out_of_what_we_print()
    {
        node.Require();
        using var judge = new GraphQLJs(node);
        var schema = SdlSchemaReader.Read(TestSchema.Sdl);
        var random = new RandomDocuments(schema, seed: 8);
        foreach (var text in Enumerable.Range(0, 300).Select(_ => random.Next()).Append(TestSchema.Sdl).Append(Everything))
        {
            var theirs = judge.Ask("parse", ("document", text))!["print"]!.GetValue<string>();
            var ofOurs = judge.Ask("parse", ("document", Parser.ParseDocument(text).ToString()))!["print"]!.GetValue<string>();
            Assert.Equal(theirs, ofOurs);
        }
    }

    [Fact]
    public void Broken_texts_get_the_same_verdict_from_graphql_js_and_never_another_exception()
    {
        node.Require();
        using var judge = new GraphQLJs(node);
        var random = new Random(5);
        var seeds = new RandomDocuments(SdlSchemaReader.Read(TestSchema.Sdl), seed: 9);
        string[] pieces = ["{", "}", "(", ")", "[", "]", ":", "$", "@", "...", "\"", "\"\"\"", "\\u{1}", "\\", "1", "-", "1.5", "e", "on", "null", "fragment", "#", "\n", "!", "=", "|", "&", "\uD83D", "\uFEFF", "\0", "é", "type A", "extend", "query Q"];
        var refused = 0;
        for (var i = 0; i < 3_000; i++)
        {
            var text = new StringBuilder(seeds.Next());
            for (var edits = random.Next(1, 4); edits > 0; edits--)
            {
                var at = random.Next(text.Length);
                if (random.Next(2) == 0)
                    text.Remove(at, Math.Min(random.Next(1, 4), text.Length - at));
                else
                    text.Insert(at, pieces[random.Next(pieces.Length)]);
            }

            var document = text.ToString();
            // Half a surrogate pair cannot be sent to the other process as it is.
            if (document.Any(char.IsSurrogate) && !IsWellFormed(document))
            {
                Assert.ThrowsAny<Exception>(() => Parser.ParseDocument(document));
                continue;
            }

            var isTheirs = judge.Ask("parse", ("document", document))!["syntaxError"] is null;
            var error = Record.Exception(() => Parser.ParseDocument(document));
            Assert.True(error is null or SyntaxException, $"{document}\n{error}");
            Assert.True(isTheirs == (error is null), $"{document}\nours: {error?.Message}");
            refused += error is null ? 0 : 1;
        }

        Assert.InRange(refused, 500, 2_900);
    }

    private static bool IsWellFormed(string text) => !text.EnumerateRunes().Any(r => r == Rune.ReplacementChar);

    private const string Everything = """"
        "What it is for"
        query Q("Why" $a: [Int!]! = [1, 2] @tag(name: "x"), $b: By) @once {
          alias: field(x: -1.5e-3, y: [$a, {k: ENUM, n: null}], z: """
            block
              text
          """) @include(if: true) @skip(if: false) { ...F ... on T { a } ... @once { b } }
        }
        mutation { m }
        subscription S { s }
        "Described" fragment F on T { x }
        extend schema @d { query: Q }
        extend type T implements A & B @d { f: Int }
        extend scalar S @d
        extend interface I { f: Int }
        extend union U = A | B
        extend enum E { A }
        extend input I { a: Int = 1 }
        directive @d("arg" a: Int = 1 @deprecated) repeatable on FIELD | QUERY
        "desc" schema { query: Q mutation: M }
        type Empty
        """";
}
