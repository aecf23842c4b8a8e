namespace Telemetry.Api.Tests.GraphQL;

/// <summary>A schema with every kind of type, for rules and for random documents.</summary>
internal static class TestSchema
{
    public const string Sdl = """"
        "Names of a thing."
        interface Named {
          name(style: Style = PLAIN): String!
        }

        interface Being implements Named {
          name(style: Style = PLAIN): String!
          age: Int
          friends(first: Int = 10, after: ID): [Being!]
        }

        type Human implements Being & Named {
          name(style: Style = PLAIN, extra: Boolean): String!
          age: Int
          friends(first: Int = 10, after: ID): [Being!]
          pets(filter: PetFilter!): [Pet!]!
          height: Float
          related(where: Where): Human
        }

        type Dog implements Being & Named {
          name(style: Style = PLAIN): String!
          age: Int
          friends(first: Int = 10, after: ID): [Being!]
          knows(command: Command!): Boolean!
          owner: Human
          barks: Boolean @deprecated
        }

        type Cat implements Named {
          name(style: Style = PLAIN): String!
          meows: [[Int!]]
          owner: Human!
          height: Int
        }

        union Pet = Dog | Cat

        enum Style { PLAIN LOUD OLD @deprecated(reason: "It is old.") }
        enum Command { SIT ROLL }

        input PetFilter {
          name: String
          ages: [Int!]
          required: Boolean!
          withDefault: Int! = 3
          nested: PetFilter
          by: By
        }

        input By @oneOf { id: ID name: String where: Where }

        input Where { and: [Where!] or: [Where] id: ID n: Float style: Style list: [[String]!] any: Any }

        scalar Any @specifiedBy(url: "https://example.org/any")

        directive @tag(name: String!, n: Int = 1) repeatable on FIELD | FRAGMENT_SPREAD | QUERY | VARIABLE_DEFINITION
        directive @once on FIELD | INLINE_FRAGMENT | FRAGMENT_DEFINITION | MUTATION | SUBSCRIPTION

        """
        Where reading begins.

        In two paragraphs.
        """
        type Query {
          human(id: ID!): Human
          being(where: Where = {style: LOUD, list: [["a"], []]}): Being
          pet(by: By!): Pet
          pets(filters: [PetFilter!], "How many" first: Int! = 5, old: Int @deprecated): [Pet]
          named: [Named!]!
          any(value: Any, values: [Any!]): Any
          numbers(int: Int, float: Float, id: ID, string: String, boolean: Boolean, ints: [Int], matrix: [[Int!]!]!= [[1]]): Float
        }

        type Mutation {
          add(name: String!, style: Style! = PLAIN): Being
          remove(by: By!): Boolean!
        }

        type Subscription {
          added(where: Where): Being!
          ticks(n: Int = 2): Int!
        }
        """";
}
