using System.Text;

namespace Telemetry.Domain.Alarms;

/// <summary>Limits a PromQL query to the series that carry a label: a matcher is added to every selector.</summary>
/// <remarks>
/// Reads tokens, not a whole grammar, and so refuses whatever it is not sure of: what is let through must never read another project's series.
/// Source of the tokens: https://prometheus.io/docs/prometheus/latest/querying/basics/.
/// </remarks>
public static class PromQlScope
{
    private const string Binary = "+-*/%^<>=!";
    private static readonly string[] Operators = ["==", "!=", ">=", "<=", "+", "-", "*", "/", "%", "^", ">", "<"];
    private static readonly HashSet<string> WordOperators = new(["and", "or", "unless", "atan2"], StringComparer.OrdinalIgnoreCase);
    private static readonly HashSet<string> Matching = new(["on", "ignoring", "group_left", "group_right", "bool"], StringComparer.OrdinalIgnoreCase);
    private static readonly HashSet<string> Grouping = new(["by", "without"], StringComparer.OrdinalIgnoreCase);

    private static readonly HashSet<string> Aggregations = new(
        ["sum", "min", "max", "avg", "group", "stddev", "stdvar", "count", "count_values", "bottomk", "topk", "quantile", "limitk", "limit_ratio"],
        StringComparer.OrdinalIgnoreCase);

    /// <summary>The query with <c>label="value"</c> in each of its selectors.</summary>
    /// <param name="label">A label's name: letters, digits and <c>_</c>.</param>
    /// <exception cref="FormatException">The query is no PromQL, or holds what cannot be limited.</exception>
    public static string Limit(string query, string label, string value) => new Reader(query, $"{label}={Quoted(value)}").Read();

    private static string Quoted(string value) =>
        $"\"{value.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", @"\n", StringComparison.Ordinal)}\"";

    private sealed class Reader(string query, string matcher)
    {
        private readonly StringBuilder _result = new(query.Length + 64);
        private int _at;
        private int _depth;

        /// <summary>Whether a value comes next, and not an operator or what belongs to the value before.</summary>
        private bool _wantsValue = true;

        public string Read()
        {
            while (SkipSpace())
                ReadPart();
            if (_depth > 0)
                throw Refused("a parenthesis is not closed");
            if (_wantsValue)
                throw Refused("it ends where a value is expected");
            return _result.ToString();
        }

        private void ReadPart()
        {
            var c = query[_at];
            if (IsNameStart(c))
                ReadName();
            else if (c == '(' && _wantsValue)
                Open();
            else if (c == ')' && _depth > 0)
                Close();
            else if (c == '{' && _wantsValue)
                ReadMatchers();
            else if (c == '[' && !_wantsValue)
                ReadRange();
            else if (c == '@' && !_wantsValue)
                ReadAt();
            else if (c == ',' && _depth > 0 && !_wantsValue)
                (_wantsValue, _) = (true, Take(1));
            else if (c is '"' or '\'' or '`' && _wantsValue)
                (_, _wantsValue) = (Take(TextLength()), false);
            else if ((char.IsAsciiDigit(c) || c == '.') && _wantsValue)
                (_, _wantsValue) = (Take(WordLength()), false);
            else if (c is '+' or '-' && _wantsValue)
                Take(1); // a sign
            else if (Binary.Contains(c, StringComparison.Ordinal) && !_wantsValue)
                ReadOperator();
            else
                throw Refused($"there is a '{c}' at {_at}");
        }

        private void ReadName()
        {
            var name = query.AsSpan(_at, NameLength()).ToString();
            if (!_wantsValue)
            {
                ReadAfterValue(name);
                return;
            }
            Take(name.Length);
            var more = SkipSpace();
            var next = more ? query[_at] : ' ';
            if (Matching.Contains(name))
            {
                if (next == '(' && !name.Equals("bool", StringComparison.OrdinalIgnoreCase))
                    ReadLabels();
            }
            else if (next == '(')
            {
                Open();
                if (SkipSpace() && query[_at] == ')') // time()
                    Close();
            }
            else if (Aggregations.Contains(name) && more && Grouping.Contains(query.AsSpan(_at, NameLength()).ToString()))
            {
                Take(NameLength());
                Expect('(');
                ReadLabels();
                Expect('(');
                Open();
            }
            else if (name.Equals("inf", StringComparison.OrdinalIgnoreCase) || name.Equals("nan", StringComparison.OrdinalIgnoreCase))
            {
                _wantsValue = false;
            }
            else if (next == '{')
            {
                ReadMatchers();
            }
            else
            {
                // Before the space that was skipped, so that what is read is what was written.
                var end = _result.ToString().TrimEnd().Length;
                _result.Insert(end, $"{{{matcher}}}");
                _wantsValue = false;
            }
        }

        private void ReadAfterValue(string word)
        {
            if (WordOperators.Contains(word))
            {
                Take(word.Length);
                _wantsValue = true;
            }
            else if (Grouping.Contains(word))
            {
                Take(word.Length);
                Expect('(');
                ReadLabels();
            }
            else if (word.Equals("offset", StringComparison.OrdinalIgnoreCase))
            {
                Take(word.Length);
                if (SkipSpace() && query[_at] == '-')
                    Take(1);
                SkipSpace();
                if (_at >= query.Length || !char.IsAsciiDigit(query[_at]))
                    throw Refused("an offset is a duration");
                Take(WordLength());
            }
            else
            {
                throw Refused($"'{word}' follows a value");
            }
        }

        /// <summary>The matchers in braces, and ours behind them.</summary>
        private void ReadMatchers()
        {
            Expect('{');
            Take(1);
            var (any, separated) = (false, true);
            while (SkipSpace() && query[_at] != '}')
            {
                if (query[_at] == ',' && any && !separated)
                {
                    separated = true;
                    Take(1);
                    continue;
                }
                if (!separated)
                    throw Refused($"a comma is expected at {_at}");
                // Some servers know `or` between matchers, which would get around ours: a name has its comparison.
                var quoted = query[_at] is '"' or '\'' or '`';
                Take(quoted ? TextLength() : IsNameStart(query[_at]) ? NameLength() : throw Refused($"a label's name is expected at {_at}"));
                SkipSpace();
                if (_at < query.Length && query[_at] is '=' or '!')
                {
                    Take(query[_at..].StartsWith("=~", StringComparison.Ordinal) || query[_at] == '!' ? 2 : 1);
                    SkipSpace();
                    Take(TextLength());
                }
                else if (!quoted)
                {
                    throw Refused($"a comparison is expected at {_at}");
                }
                (any, separated) = (true, false);
            }
            Expect('}');
            _result.Append(any && !separated ? "," : "").Append(matcher);
            Take(1);
            _wantsValue = false;
        }

        private void ReadLabels()
        {
            Take(1);
            while (SkipSpace() && query[_at] != ')')
            {
                if (query[_at] == ',')
                    Take(1);
                else if (query[_at] is '"' or '\'' or '`')
                    Take(TextLength());
                else
                    Take(IsNameStart(query[_at]) ? NameLength() : throw Refused($"a label's name is expected at {_at}"));
            }
            Expect(')');
            Take(1);
        }

        private void ReadRange()
        {
            var end = query.IndexOf(']', _at);
            if (end < 0 || !query.AsSpan(_at + 1, end - _at - 1).ToString().All(c => char.IsAsciiLetterOrDigit(c) || c is ':' or '.' or ' '))
                throw Refused("a range is durations in brackets");
            Take(end - _at + 1);
        }

        private void ReadAt()
        {
            Take(1);
            SkipSpace();
            if (_at < query.Length && query[_at] is '-' or '+')
                Take(1);
            if (_at < query.Length && char.IsAsciiDigit(query[_at]))
            {
                Take(WordLength());
                return;
            }
            var end = NameLength();
            if (query.AsSpan(_at, end) is not ("start" or "end"))
                throw Refused("after @ come seconds, start() or end()");
            Take(end);
            Expect('(');
            Take(1);
            Expect(')');
            Take(1);
        }

        private void ReadOperator()
        {
            var found = Operators.FirstOrDefault(o => string.CompareOrdinal(query, _at, o, 0, o.Length) == 0) ?? throw Refused($"there is a '{query[_at]}' at {_at}");
            Take(found.Length);
            _wantsValue = true;
        }

        private void Open()
        {
            if (++_depth > 100)
                throw Refused("it is nested more than 100 levels deep");
            Take(1);
            _wantsValue = true;
        }

        private void Close()
        {
            _depth--;
            Take(1);
            _wantsValue = false;
        }

        private void Expect(char c)
        {
            if (!SkipSpace() || query[_at] != c)
                throw Refused($"a '{c}' is expected at {_at}");
        }

        /// <returns>Whether anything is left.</returns>
        private bool SkipSpace()
        {
            while (_at < query.Length && (char.IsWhiteSpace(query[_at]) || query[_at] == '#'))
            {
                if (query[_at] == '#')
                {
                    var end = query.IndexOf('\n', _at);
                    _at = end < 0 ? query.Length : end; // a comment is left out
                }
                else
                {
                    Take(1);
                }
            }
            return _at < query.Length;
        }

        private int Take(int length)
        {
            _result.Append(query, _at, length);
            _at += length;
            return length;
        }

        private int NameLength() => Length(c => IsNameStart(c) || char.IsAsciiDigit(c));

        /// <summary>Of a number or a duration: <c>1e-3</c>, <c>0x1f</c>, <c>1h30m</c>.</summary>
        private int WordLength()
        {
            var end = _at;
            while (end < query.Length && (char.IsAsciiLetterOrDigit(query[end]) || query[end] is '.' or '_' || (query[end] is '+' or '-' && IsExponent(end))))
                end++;
            return end - _at;
        }

        private bool IsExponent(int sign) =>
            sign > _at && query[sign - 1] is 'e' or 'E' && !query.AsSpan(_at, sign - _at).StartsWith("0x", StringComparison.OrdinalIgnoreCase);

        private int Length(Func<char, bool> belongs)
        {
            var end = _at;
            while (end < query.Length && belongs(query[end]))
                end++;
            return end - _at;
        }

        private int TextLength()
        {
            var quote = _at < query.Length ? query[_at] : ' ';
            if (quote is not ('"' or '\'' or '`'))
                throw Refused($"a text is expected at {_at}");
            for (var i = _at + 1; i < query.Length; i++)
            {
                if (query[i] == '\\' && quote != '`')
                    i++;
                else if (query[i] == quote)
                    return i + 1 - _at;
            }
            throw Refused($"the text at {_at} does not end");
        }

        private static bool IsNameStart(char c) => char.IsAsciiLetter(c) || c is '_' or ':';

        private static FormatException Refused(string why) => new($"the query cannot be limited to a project: {why}");
    }
}
