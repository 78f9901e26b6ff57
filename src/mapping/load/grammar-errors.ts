// Explains ajv's errors in a mapping file or surface file: what is wrong, and what to write instead.

import type { AnySchemaObject, ErrorObject } from 'ajv';
import { formatSuggestion } from '../../fhir/closest-name.ts';
import { toList, toRecord, toRecords } from '../../fhir/json-values.ts';

interface GrammarError {
  /** The keys that lead to it. */
  keys: string[];
  text: string;
}

/** The errors to report: a choice without a match is one error, not one for each alternative. */
export function describeGrammarErrors(errors: readonly ErrorObject[]): GrammarError[] {
  const choices = errors
    .filter(({ keyword }) => keyword === 'anyOf' || keyword === 'oneOf')
    .map((error) => ({ error, meant: findMeantKind(error) }));
  const mistyped = errors.filter(({ keyword }) => keyword === 'type').map(({ instancePath }) => instancePath);
  const isReported = ({ schemaPath, instancePath, keyword }: ErrorObject): boolean =>
    keyword !== 'if' &&
    !(keyword === 'oneOf' && mistyped.includes(instancePath)) &&
    choices.every(({ error, meant }) => {
      const index = isBelow(error.instancePath, instancePath) && kindOf(error.schemaPath, schemaPath);
      return typeof index === 'number'
        ? index === meant
        : schemaPath !== error.schemaPath || instancePath !== error.instancePath || meant === undefined;
    });
  const faults = errors
    .filter((error) => isReported(error) && !isRenamed(error))
    .map((error) => ({ keys: keysOf(error), text: textOf(error) }));
  return [...new Map(faults.map((fault) => [JSON.stringify(fault), fault])).values()];
}

/** Whether the file has a missing keyword under its old name. Then only the old name is reported. */
function isRenamed({ keyword, params, parentSchema, data }: ErrorObject): boolean {
  const renamed = Object.entries(toRecord(parentSchema?.renamed)).filter(([old]) => Object.hasOwn(Object(data), old));
  return keyword === 'required' ? renamed.some(([, now]) => now === params.missingProperty) : keyword === 'oneOf' && renamed.length > 0;
}

const isBelow = (above: string, path: string): boolean => path === above || path.startsWith(`${above}/`);

/** The alternative of a choice that an error is about; undefined: another choice. */
function kindOf(choice: string, schemaPath: string): number | undefined {
  const rest = schemaPath.startsWith(`${choice}/`) ? schemaPath.slice(choice.length + 1) : undefined;
  return rest === undefined ? undefined : Number(rest.split('/')[0]);
}

/** The alternative that a value was probably meant to be: the only one of its JSON type. */
function findMeantKind({ keyword, schema, data }: ErrorObject): number | undefined {
  if (keyword !== 'anyOf') return undefined;
  const fitting = toRecords(schema).flatMap(({ type }, index) => (type === typeOf(data) ? [index] : []));
  return fitting.length === 1 ? fitting[0] : undefined;
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}

const keysOf = ({ instancePath, keyword, params }: ErrorObject): string[] => [
  ...instancePath
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~')),
  ...(keyword === 'additionalProperties' ? [String(params.additionalProperty)] : []),
];

const TEXTS: Record<string, (error: ErrorObject) => string> = {
  additionalProperties: ({ params, parentSchema }) => {
    const known = Object.keys(parentSchema?.properties ?? {});
    const word = String(params.additionalProperty);
    const now: string | undefined = parentSchema?.renamed?.[word];
    if (now !== undefined) return `${word} is called ${now} here: write ${now}:`;
    return `there is no keyword ${word} here${formatSuggestion(word, known)}; there are ${known.join(', ')}`;
  },
  required: ({ params, parentSchema, message }) => {
    const missing = String(params.missingProperty);
    return `${message}: write ${missing}: with ${meaning(parentSchema?.properties?.[missing] ?? {})}`;
  },
  enum: ({ params, data }) => {
    const known = toList(params.allowedValues).map(String);
    return `${describeValue(data)} is not an allowed value${formatSuggestion(String(data), known)}; write ${known.join(', ')}`;
  },
  const: instead,
  type: instead,
  anyOf: instead,
  oneOf: ({ parentSchema }) => `needs ${parentSchema?.description}`,
  pattern: instead,
  format: instead,
  minLength: instead,
  minItems: instead,
  minProperties: instead,
  uniqueItems: ({ data, params }) => `${describeValue(toList(data)[params.i])} occurs twice: remove one`,
  minimum: instead,
  maximum: instead,
};

function textOf(error: ErrorObject): string {
  const [, name] = /^(\S+)\s+[{[]/.exec(keysOf(error).at(-1) ?? '') ?? [];
  if (name !== undefined) return `a colon is missing after ${name}: write ${name}: and then its value`;
  return TEXTS[error.keyword]?.(error) ?? String(error.message);
}

function instead({ data, parentSchema = {} }: ErrorObject): string {
  return `${describeValue(data)} is not allowed here; write ${meaning(parentSchema)}`;
}

/** A value in a few words. */
function describeValue(value: unknown): string {
  if (value === '') return 'an empty text';
  if (Array.isArray(value)) return value.length ? 'this list' : 'an empty list';
  if (value === null) return 'nothing';
  if (typeof value !== 'object') return String(value);
  return Object.keys(value).length ? 'this object' : 'an empty object';
}

const PLAIN: Record<string, string> = { string: 'a text', boolean: 'true or false', null: 'null', number: 'a number' };

/** Describes the values that a schema accepts. */
function meaning(schema: AnySchemaObject): string {
  const { description, type, items, properties, additionalProperties, minimum, maximum } = schema;
  if (schema.$ref) return 'a field';
  const kinds: AnySchemaObject[] | undefined = schema.anyOf;
  if (description) return description;
  if ('const' in schema) return String(schema.const);
  if (schema.enum) return `one of ${schema.enum.join(', ')}`;
  if (kinds) return kinds.map(meaning).join(', or ');
  if (Array.isArray(type)) return type.map((typeName) => PLAIN[typeName] ?? typeName).join(' or ');
  if (type === 'integer')
    return `a whole number${maximum === undefined ? (minimum ? ` from ${minimum}` : '') : ` from ${minimum} to ${maximum}`}`;
  if (type === 'array')
    return `a list${items?.enum ? ` of ${items.enum.join(', ')}` : items ? ` whose members are each ${meaning(items)}` : ''}`;
  if (properties) return `an object with ${Object.keys(properties).join(', ')}`;
  if (type === 'object') return `name: value, each value ${meaning(additionalProperties || {})}`;
  return PLAIN[type] ?? 'a value';
}
