using Telemetry.Api.GraphQL.Language;

namespace Telemetry.Api.GraphQL.Types;

/// <summary>The rules of the type system. Source: GraphQL, September 2025, section 3, «Type Validation» of each kind.</summary>
internal sealed class SchemaValidator
{
    private readonly Schema _schema;
    private readonly List<string> _errors = [];

    private SchemaValidator(Schema schema) => _schema = schema;

    /// <summary>Everything that is wrong, a sentence each; empty for a valid schema.</summary>
    public static IReadOnlyList<string> Validate(Schema schema)
    {
        var validator = new SchemaValidator(schema);
        validator.CheckRoots();
        foreach (var directive in schema.Directives)
            validator.CheckDirective(directive);
        validator.CheckTypes();
        return validator._errors;
    }

    private void CheckRoots()
    {
        ObjectType?[] roots = [_schema.QueryType, _schema.MutationType, _schema.SubscriptionType];
        foreach (var group in roots.OfType<ObjectType>().GroupBy(t => t).Where(g => g.Count() > 1))
            Report($"The root types are distinct; {group.Key} is used for several operations.");
    }

    private void CheckDirective(DirectiveType directive)
    {
        CheckName(directive.Name, $"Directive @{directive.Name}");
        if (directive.Locations == DirectiveLocation.None)
            Report($"Directive @{directive.Name} has no location.");
        CheckArguments(directive.Arguments, $"@{directive.Name}");
    }

    private void CheckTypes()
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var type in _schema.Types)
        {
            if (!names.Add(type.Name))
                Report($"Two types are named {type}.");
            if (!Introspection.IntrospectionTypes.IsIntrospection(type))
                CheckName(type.Name, $"Type {type.Name}");
            switch (type)
            {
                case ComplexType complex:
                    CheckFields(complex);
                    CheckInterfaces(complex);
                    break;
                case UnionType union:
                    CheckUnion(union);
                    break;
                case EnumType @enum:
                    CheckEnum(@enum);
                    break;
                case InputObjectType input:
                    CheckInput(input);
                    break;
            }
        }

        new InputCycles(_errors).Check(_schema.Types.OfType<InputObjectType>());
    }

    private void CheckFields(ComplexType type)
    {
        if (type.Fields.Count == 0)
            Report($"{type} has no fields.");
        CheckDistinct(type.Fields.Select(f => f.Name), $"{type} has two fields");
        foreach (var field in type.Fields)
        {
            CheckName(field.Name, $"Field {type}.{field.Name}");
            if (!field.Type.IsOutput)
                Report($"{type}.{field.Name} is of {field.Type}, which is for input only.");
            CheckArguments(field.Arguments, $"{type}.{field.Name}");
        }
    }

    private void CheckArguments(NamedList<InputField> arguments, string owner)
    {
        CheckDistinct(arguments.Select(a => a.Name), $"{owner} has two arguments");
        foreach (var argument in arguments)
            CheckInputValue(argument, $"{owner}({argument.Name}:)");
    }

    private void CheckInputValue(InputField field, string place)
    {
        CheckName(field.Name, place);
        if (!field.Type.IsInput)
        {
            Report($"{place} is of {field.Type}, which is for output only.");
            return;
        }

        if (field.IsRequired && field.DeprecationReason is not null)
            Report($"{place} is required and cannot be deprecated.");
        try
        {
            _ = field.CoercedDefault;
        }
        catch (LeafCoercionException e)
        {
            Report($"{place} has a default that does not fit {field.Type}: {e.Message}");
        }
        catch (InvalidOperationException)
        {
            Report($"{place} has a default that leads back to itself.");
        }
    }

    private void CheckInterfaces(ComplexType type)
    {
        CheckDistinct(type.Interfaces.Select(i => i.Name), $"{type} implements twice");
        foreach (var @interface in type.Interfaces)
        {
            if (@interface == type)
            {
                Report($"{type} implements itself.");
                continue;
            }

            foreach (var inherited in @interface.Interfaces.Where(i => !type.Interfaces.Contains(i)))
            {
                Report(inherited == type
                    ? $"{type} and {@interface} implement each other."
                    : $"{type} implements {@interface}, and so has to implement {inherited} too.");
            }

            foreach (var expected in @interface.Fields)
                CheckImplementation(type, @interface, expected);
        }
    }

    private void CheckImplementation(ComplexType type, InterfaceType @interface, OutputField expected)
    {
        var place = $"{@interface}.{expected.Name}";
        if (!type.Fields.TryFind(expected.Name, out var actual))
        {
            Report($"{type} lacks {place}.");
            return;
        }

        if (!_schema.IsSubtype(actual.Type, expected.Type))
            Report($"{type}.{actual.Name} is of {actual.Type}, {place} of {expected.Type}.");
        if (actual.DeprecationReason is not null && expected.DeprecationReason is null)
            Report($"{type}.{actual.Name} is deprecated, {place} is not.");
        foreach (var argument in expected.Arguments)
        {
            if (!actual.Arguments.TryFind(argument.Name, out var own))
                Report($"{type}.{actual.Name} lacks the argument {place}({argument.Name}:).");
            else if (!GraphQLType.Same(own.Type, argument.Type))
                Report($"{type}.{actual.Name}({own.Name}:) is of {own.Type}, {place}({argument.Name}:) of {argument.Type}.");
        }

        foreach (var added in actual.Arguments.Where(a => a.IsRequired && expected.Arguments.Find(a.Name) is null))
            Report($"{type}.{actual.Name}({added.Name}:) is required, and {place} has no such argument.");
    }

    private void CheckUnion(UnionType union)
    {
        if (union.Types.Count == 0)
            Report($"{union} has no types.");
        CheckDistinct(union.Types.Select(t => t.Name), $"{union} has twice");
    }

    private void CheckEnum(EnumType @enum)
    {
        if (@enum.Values.Count == 0)
            Report($"{@enum} has no values.");
        CheckDistinct(@enum.Values.Select(v => v.Name), $"{@enum} has two values");
        foreach (var value in @enum.Values)
        {
            CheckName(value.Name, $"Value {@enum}.{value.Name}");
            if (value.Name is "true" or "false" or "null")
                Report($"{@enum} cannot have a value named {value.Name}.");
        }
    }

    private void CheckInput(InputObjectType input)
    {
        if (input.Fields.Count == 0)
            Report($"{input} has no fields.");
        CheckDistinct(input.Fields.Select(f => f.Name), $"{input} has two fields");
        foreach (var field in input.Fields)
        {
            CheckInputValue(field, $"{input}.{field.Name}");
            if (input.IsOneOf && (field.Type.IsNonNull || field.DefaultValue is not null))
                Report($"{input} takes one field only: {input}.{field.Name} is nullable and without default.");
        }
    }

    private void CheckDistinct(IEnumerable<string> names, string what)
    {
        foreach (var twice in names.GroupBy(n => n).Where(g => g.Count() > 1))
            Report($"{what}: {twice.Key}.");
    }

    private void CheckName(string name, string place)
    {
        if (name.StartsWith("__", StringComparison.Ordinal))
            Report($"{place} begins with two underscores, which are the specification's.");
        if (name.Length == 0 || !Lexer.IsNameStart(name[0]) || !name.All(Lexer.IsNameContinue))
            Report($"{place} is no name: letters, digits and underscores, a digit not first.");
    }

    private void Report(string error) => _errors.Add(error);
}
