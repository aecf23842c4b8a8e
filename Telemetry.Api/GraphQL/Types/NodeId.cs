using System.Text;

namespace Telemetry.Api.GraphQL.Types;

/// <summary>A global id: an object's type and its key within it. Written as base64url of <c>Type:key</c>, which is for nobody to rely on.</summary>
internal readonly record struct NodeId(string TypeName, string Key)
{
    public override string ToString() =>
        Convert.ToBase64String(Encoding.UTF8.GetBytes($"{TypeName}:{Key}")).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    /// <summary>Null where the text is no global id.</summary>
    public static NodeId? TryParse(string text)
    {
        if (text.Length > 4_096)
            return null;
        var base64 = text.Replace('-', '+').Replace('_', '/').TrimEnd('=');
        var bytes = new byte[base64.Length];
        if (!Convert.TryFromBase64String(base64.PadRight((base64.Length + 3) / 4 * 4, '='), bytes, out var length))
            return null;
        var decoded = Encoding.UTF8.GetString(bytes, 0, length);
        var colon = decoded.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 ? new(decoded[..colon], decoded[(colon + 1)..]) : null;
    }
}
