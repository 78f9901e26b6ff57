// What the examples of a mapping must not leave out: a rule that no example needs could be lost unnoticed.
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Field } from '../../src/projection/field.ts';
import type { LoadedShape } from '../../src/projection/loaded.ts';
import type { View } from '../../src/projection/shape.ts';
import type { Example } from './examples.ts';

const at = (view: unknown, names: string[]): unknown =>
  names.reduce<unknown>((value, name) => (value as View | null | undefined)?.[name], view);
const isThere = (value: unknown): boolean =>
  value !== undefined && value !== null && (typeof value !== 'object' || Object.keys(value).length > 0);

/** Fields a client may write that no example with a stated resource sends: a path that is wrong both ways satisfies every other law. */
export function neverStated({ lens }: LoadedShape, examples: Example[]): string[] {
  const stated = examples.filter(({ resource, stored }) => resource ?? stored);
  const missing = ({ spec, at: names }: Field): boolean => !spec.readOnly && !stated.some(({ request }) => isThere(at(request, names)));
  return lens.leaves.filter(missing).map(({ at: names }) => names.join('.'));
}

/** Fields that are only shown, and that no example with a stated resource shows a value of. */
export function neverShown({ lens }: LoadedShape, examples: Example[]): string[] {
  const stated = examples.filter(({ resource, stored, settled }) => resource ?? stored ?? settled);
  const missing = ({ spec, name, paths }: Field): boolean =>
    !!spec.readOnly &&
    !/^(id|%created|meta\.lastUpdated)$/.test(paths[0]!.text) &&
    !stated.some(({ response, shows, server }) => isThere({ ...response, ...shows, ...server }[name]));
  return lens.leaves.filter(missing).map(({ name }) => name);
}

/** Words of enums that no example uses, and words of code tables that no example uses which states its resource. */
export function unusedWords({ lens }: LoadedShape, examples: Example[]): string[] {
  const stated = examples.filter(({ resource, stored, settled }) => resource ?? stored ?? settled);
  const unused = (names: string[], words: string[], among: Example[]): string[] => {
    const used = among.flatMap(({ request, response, shows, server }) =>
      [request, response, shows, server].flatMap((view) => at(view, names) as unknown),
    );
    return words.filter((word) => !used.includes(word)).map((word) => `${names.join('.')}: ${word}`);
  };
  return lens.leaves.flatMap(({ spec: { codes = {}, also = {}, enum: words = [] }, at: names }) => [
    ...unused(names, words, examples),
    ...unused(names, [...Object.keys(codes), ...Object.keys(also)], stated),
  ]);
}

/** Rules of the request schema that could be dropped without any refused body being let in. */
export function idleRules({ shape }: LoadedShape, examples: Example[]): string[] {
  const ajv = new Ajv2020({ allowUnionTypes: true, formats: FORMATS });
  const whole = ajv.compile(shape.requestSchema);
  const refused = examples.filter((example) => 'refuse' in example).map(({ refuse }) => refuse);
  return rulesOf(shape.requestSchema as Schema, [])
    .filter(({ without }) => {
      const accepts = ajv.compile(without);
      return !refused.some((body) => accepts(body) && !whole(body));
    })
    .map(({ name }) => name);
}

const FORMATS = {
  email: /^[^@\s]+@[^@\s]+\.[^@\s]+$/,
  uuid: /^[0-9a-f-]{36}$/i,
  date: (text: string) => !Number.isNaN(Date.parse(text)) && new Date(text).toISOString().startsWith(text) && text.length === 10,
};

interface Schema {
  [word: string]: unknown;
  properties?: Record<string, Schema>;
  items?: Schema;
  required?: string[];
}

const WORDS = ['enum', 'minLength', 'maxLength', 'pattern', 'format'];

/** Every rule below a schema, with the schema as it is without the rule. A closed set of words needs no length beside it. */
function rulesOf(schema: Schema, path: string[]): { name: string; without: Schema }[] {
  const own = WORDS.filter((word) => word in schema && !(word.endsWith('Length') && 'enum' in schema)).map((word) => {
    const { [word]: _, ...without } = schema;
    return { name: [...path, word].join('.'), without };
  });
  const required = (schema.required ?? []).map((name) => ({
    name: [...path, name, 'required'].join('.'),
    without: { ...schema, required: schema.required!.filter((one) => one !== name) },
  }));
  const inner = Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
    rulesOf(property, [...path, name]).map((rule) => ({
      ...rule,
      without: { ...schema, properties: { ...schema.properties, [name]: rule.without } },
    })),
  );
  const items = schema.items
    ? rulesOf(schema.items, [...path, 'items']).map((rule) => ({ ...rule, without: { ...schema, items: rule.without } }))
    : [];
  return [...own, ...required, ...inner, ...items];
}

/** Search parameters, and words of them, that no example asks for. */
export function unaskedSearches({ mapping }: LoadedShape, examples: Example[]): string[] {
  const asked = examples.flatMap(({ search }) => Object.entries(search ?? {}));
  return Object.entries(mapping.content.search ?? {}).flatMap(([name, spec]) => {
    const words = typeof spec === 'object' && 'words' in spec ? Object.keys(spec.words) : [undefined];
    return words
      .filter((word) => !asked.some(([asking, value]) => asking === name && (word === undefined || value === word)))
      .map((word) => `${name} ${word ?? ''}`.trim());
  });
}
