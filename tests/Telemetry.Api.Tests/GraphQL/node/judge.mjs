// Answers questions about GraphQL by graphql-js, one JSON object a line, in the order of the questions.
import { createInterface } from 'node:readline';
import {
  buildClientSchema, buildSchema, findBreakingChanges, getIntrospectionQuery, parse, print, printSchema, recommendedRules, specifiedRules,
  validate, validateSchema, visit,
} from 'graphql';

let schema;
const rules = [...new Set([...specifiedRules, ...recommendedRules])].map((rule) => ({ name: rule.name.replace(/Rule$/, ''), rule }));

function locations(error) {
  return (error.locations ?? []).map((l) => `${l.line}:${l.column}`);
}

const answers = {
  schema({ sdl }) {
    schema = buildSchema(sdl);
    return validateSchema(schema).map((e) => e.message);
  },
  // Every rule alone, so that each error is known by its rule; null for a document that does not parse.
  validate({ document }) {
    let ast;
    try {
      ast = parse(document);
    } catch (e) {
      return { syntaxError: e.message };
    }
    const errors = [];
    for (const { name, rule } of rules) {
      for (const error of validate(schema, ast, [rule], { maxErrors: 1e6 })) {
        errors.push({ rule: name, locations: locations(error), message: error.message });
      }
    }
    return { errors };
  },
  parse({ document }) {
    try {
      return { print: print(stripped(parse(document, { noLocation: true }))) };
    } catch (e) {
      return { syntaxError: e.message };
    }
  },
  introspectionQuery({ options }) {
    return getIntrospectionQuery(options);
  },
  clientSchema({ introspection }) {
    const client = buildClientSchema(introspection);
    return { errors: validateSchema(client).map((e) => e.message), sdl: printSchema(client) };
  },
  sdl({ sdl }) {
    const built = buildSchema(sdl);
    return { errors: validateSchema(built).map((e) => e.message), sdl: printSchema(built) };
  },
  breakingChanges({ before, after }) {
    return findBreakingChanges(buildSchema(before), buildSchema(after)).map((c) => `${c.type}: ${c.description}`);
  },
};

// Block strings and plain ones are one value.
function stripped(ast) {
  return visit(ast, { StringValue: (node) => ({ ...node, block: false }) });
}

for await (const line of createInterface({ input: process.stdin })) {
  const question = JSON.parse(line);
  let answer;
  try {
    answer = { answer: answers[question.ask](question) };
  } catch (e) {
    answer = { failure: e.stack };
  }
  process.stdout.write(JSON.stringify(answer) + '\n');
}
