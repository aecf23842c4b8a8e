using System.Globalization;
using System.Reflection;
using System.Text;

namespace Telemetry.Api.GraphQL.Types.CodeFirst;

/// <summary>Names in the schema that follow from names in the code, as in HotChocolate.</summary>
internal static class NamingConventions
{
    /// <summary>A class: its name; an input ends in <c>Input</c>; an interface loses its <c>I</c>. A given name holds those of type arguments as <c>{0}</c>.</summary>
    public static string TypeName(Type type, bool isInput = false)
    {
        if (type.GetCustomAttribute<GraphQLNameAttribute>() is { } given)
            return type.IsGenericType ? string.Format(CultureInfo.InvariantCulture, given.Name, [.. type.GetGenericArguments().Select(a => (object)TypeName(a))]) : given.Name;
        var name = type.Name.Split('`')[0];
        if (type.IsGenericType)
            name = string.Concat(type.GetGenericArguments().Select(a => TypeName(a))) + name;
        if (type.IsInterface && name.Length > 1 && name[0] == 'I' && char.IsUpper(name[1]))
            name = name[1..];
        return isInput && !name.EndsWith("Input", StringComparison.Ordinal) ? name + "Input" : name;
    }

    /// <summary><c>GetFooAsync</c> is <c>foo</c>.</summary>
    public static string FieldName(MemberInfo member)
    {
        if (member.GetCustomAttribute<GraphQLNameAttribute>() is { } given)
            return given.Name;
        var name = member.Name;
        if (member is MethodInfo)
        {
            if (name.Length > 3 && name.StartsWith("Get", StringComparison.Ordinal) && char.IsUpper(name[3]))
                name = name[3..];
            if (name.Length > 5 && name.EndsWith("Async", StringComparison.Ordinal))
                name = name[..^5];
        }

        return CamelCase(name);
    }

    public static string ArgumentName(ParameterInfo parameter) =>
        parameter.GetCustomAttribute<GraphQLNameAttribute>()?.Name ?? CamelCase(parameter.Name!);

    /// <summary><c>InsufficientData</c> is <c>INSUFFICIENT_DATA</c>.</summary>
    public static string EnumValueName(FieldInfo member)
    {
        if (member.GetCustomAttribute<GraphQLNameAttribute>() is { } given)
            return given.Name;
        var name = new StringBuilder();
        for (var i = 0; i < member.Name.Length; i++)
        {
            var c = member.Name[i];
            var isStart = i > 0 && char.IsUpper(c) && (!char.IsUpper(member.Name[i - 1]) || (i + 1 < member.Name.Length && char.IsLower(member.Name[i + 1])));
            if (isStart && name[^1] != '_')
                name.Append('_');
            name.Append(char.ToUpperInvariant(c));
        }

        return name.ToString();
    }

    /// <summary><c>PromQl</c> is <c>promQl</c>, <c>IPAddress</c> is <c>ipAddress</c>, <c>ID</c> is <c>id</c>.</summary>
    public static string CamelCase(string name)
    {
        var upper = 0;
        while (upper < name.Length && char.IsUpper(name[upper]))
            upper++;
        var lower = upper <= 1 || upper == name.Length ? upper : upper - 1;
        return name[..lower].ToLowerInvariant() + name[lower..];
    }

    public static string PascalCase(string name) => char.ToUpperInvariant(name[0]) + name[1..];
}
