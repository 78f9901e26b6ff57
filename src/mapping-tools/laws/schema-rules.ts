// Lists the rules of a JSON Schema, each with the schema without it.
import type { JsonSchema } from '../../mapping/shape.ts';

/** `at`: the property names that lead to the value that the rule checks. */
interface SchemaRule {
  at: string[];
  word: string;
  without: JsonSchema;
}

const RULE_KEYWORDS = ['enum', 'minLength', 'maxLength', 'minimum', 'maximum', 'pattern', 'format', 'minItems', 'maxItems'];

/** Every rule below a schema. A closed set of words needs no rule of length. */
export function listSchemaRules(schema: JsonSchema, at: string[] = []): SchemaRule[] {
  const own = RULE_KEYWORDS.filter((word) => word in schema && !(word.endsWith('Length') && 'enum' in schema)).map((word) => {
    const { [word]: _, ...without } = schema;
    return { at, word, without };
  });
  const required = (schema.required ?? []).map((name) => ({
    at: [...at, name],
    word: 'required',
    without: { ...schema, required: schema.required!.filter((field) => field !== name) },
  }));
  const inner = Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
    listSchemaRules(property, [...at, name]).map((rule) => ({
      ...rule,
      without: { ...schema, properties: { ...schema.properties, [name]: rule.without } },
    })),
  );
  const items = schema.items
    ? listSchemaRules(schema.items, at).map((rule) => ({ ...rule, without: { ...schema, items: rule.without } }))
    : [];
  return [...own, ...required, ...inner, ...items];
}
