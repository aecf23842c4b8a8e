namespace Telemetry.Api.GraphQL.Language;

/// <summary>A place in a document, both numbers counted from 1; a column counts UTF-16 code units.</summary>
internal readonly record struct Location(int Line, int Column)
{
    /// <summary>The place of an offset in a text. Lines end with LF, CR or CRLF.</summary>
    public static Location Of(string source, int offset)
    {
        var line = 1;
        var lineStart = 0;
        var end = Math.Min(offset, source.Length);
        for (var i = 0; i < end; i++)
        {
            if (source[i] == '\n' || (source[i] == '\r' && !(i + 1 < source.Length && source[i + 1] == '\n')))
            {
                line++;
                lineStart = i + 1;
            }
        }

        return new(line, offset - lineStart + 1);
    }
}
