using System.Collections.Concurrent;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;

namespace Telemetry.Api.GraphQL.Types.CodeFirst;

/// <summary>Descriptions out of the XML files that the compiler writes beside the assemblies; none where there is no file.</summary>
internal sealed partial class XmlDocumentation
{
    private readonly ConcurrentDictionary<Assembly, IReadOnlyDictionary<string, XElement>> _files = [];

    public string? Of(Type type) => Description(type) ?? Summary(type.Assembly, $"T:{NameOf(Definition(type))}");

    /// <summary>A property's own summary, or what its record says of the parameter it comes from.</summary>
    public string? Of(MemberInfo member) => Description(member) ?? member switch
    {
        PropertyInfo p => Summary(p.Module.Assembly, $"P:{NameOf(Definition(p.DeclaringType!))}.{p.Name}") ?? Parameter(p.Module.Assembly, $"T:{NameOf(Definition(p.DeclaringType!))}", p.Name),
        FieldInfo f => Summary(f.Module.Assembly, $"F:{NameOf(f.DeclaringType!)}.{f.Name}"),
        MethodInfo m => Summary(m.Module.Assembly, IdOf(m)),
        _ => null,
    };

    public string? Of(ParameterInfo parameter) =>
        parameter.GetCustomAttribute<GraphQLDescriptionAttribute>()?.Description
        ?? parameter.Member switch
        {
            MethodInfo m => Parameter(m.Module.Assembly, IdOf(m), parameter.Name!),
            ConstructorInfo c => Parameter(c.Module.Assembly, $"T:{NameOf(c.DeclaringType!)}", parameter.Name!),
            _ => null,
        };

    private static string? Description(MemberInfo member) => member.GetCustomAttribute<GraphQLDescriptionAttribute>()?.Description;

    private string? Summary(Assembly assembly, string id) =>
        File(assembly).TryGetValue(id, out var member) ? Text(member.Element("summary")) : null;

    private string? Parameter(Assembly assembly, string id, string name) =>
        File(assembly).TryGetValue(id, out var member)
            ? Text(member.Elements("param").FirstOrDefault(p => p.Attribute("name")?.Value == name))
            : null;

    private IReadOnlyDictionary<string, XElement> File(Assembly assembly) => _files.GetOrAdd(assembly, static a =>
    {
        var path = a.Location.Length > 0 ? Path.ChangeExtension(a.Location, ".xml") : "";
        if (!System.IO.File.Exists(path))
            return new Dictionary<string, XElement>();
        try
        {
            return XDocument.Load(path).Descendants("member")
                .Where(m => m.Attribute("name") is not null)
                .GroupBy(m => m.Attribute("name")!.Value)
                .ToDictionary(g => g.Key, g => g.First());
        }
        catch (XmlException)
        {
            // A broken file costs the descriptions, not the endpoint.
            return new Dictionary<string, XElement>();
        }
    });

    private static string? Text(XElement? element)
    {
        if (element is null)
            return null;
        var text = new StringBuilder();
        Append(element, text);
        var paragraphs = text.ToString().Split("\n\n").Select(p => Whitespace().Replace(p, " ").Trim()).Where(p => p.Length > 0);
        var result = string.Join("\n\n", paragraphs);
        return result.Length > 0 ? result : null;
    }

    private static void Append(XElement element, StringBuilder text)
    {
        foreach (var node in element.Nodes())
        {
            switch (node)
            {
                case XText t:
                    // A blank line in the source is no paragraph: <para> is.
                    text.Append(t.Value.Replace('\n', ' '));
                    break;
                case XElement { Name.LocalName: "see" or "seealso" } see:
                    var target = see.Attribute("cref")?.Value ?? see.Attribute("langword")?.Value ?? see.Attribute("href")?.Value ?? "";
                    text.Append('`').Append(see.Value.Length > 0 ? see.Value : target.Split('(')[0].Split('.', ':')[^1].Split('`')[0]).Append('`');
                    break;
                case XElement { Name.LocalName: "paramref" or "typeparamref" } reference:
                    text.Append('`').Append(reference.Attribute("name")?.Value).Append('`');
                    break;
                case XElement { Name.LocalName: "c" } code:
                    text.Append('`').Append(code.Value).Append('`');
                    break;
                case XElement { Name.LocalName: "para" or "br" } paragraph:
                    text.Append("\n\n");
                    Append(paragraph, text);
                    text.Append("\n\n");
                    break;
                case XElement other:
                    Append(other, text);
                    break;
            }
        }
    }

    /// <summary>The compiler's id of a method. Source: C# specification, annex D.4.</summary>
    private static string IdOf(MethodInfo method)
    {
        if (method.DeclaringType is { IsGenericType: true, IsGenericTypeDefinition: false } generic)
            method = (MethodInfo)method.Module.ResolveMethod(method.MetadataToken)!;
        var parameters = method.GetParameters();
        var arity = method.IsGenericMethodDefinition ? $"``{method.GetGenericArguments().Length}" : "";
        var list = parameters.Length > 0 ? $"({string.Join(',', parameters.Select(p => NameOf(p.ParameterType)))})" : "";
        return $"M:{NameOf(method.DeclaringType!)}.{method.Name}{arity}{list}";
    }

    /// <summary>A generic class is documented once, whatever its arguments.</summary>
    private static Type Definition(Type type) => type.IsGenericType ? type.GetGenericTypeDefinition() : type;

    private static string NameOf(Type type)
    {
        if (type.IsGenericParameter)
            return (type.DeclaringMethod is null ? "`" : "``") + type.GenericParameterPosition;
        if (type.IsArray)
            return NameOf(type.GetElementType()!) + "[]";
        if (type.IsByRef)
            return NameOf(type.GetElementType()!) + "@";
        if (type.IsGenericType && !type.IsGenericTypeDefinition)
        {
            var definition = NameOf(type.GetGenericTypeDefinition());
            return $"{definition[..definition.LastIndexOf('`')]}{{{string.Join(',', type.GetGenericArguments().Select(NameOf))}}}";
        }

        return (type.FullName ?? type.Name).Replace('+', '.');
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Whitespace();
}
