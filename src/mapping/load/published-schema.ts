// The grammar of mapping files and surface files as JSON Schemas for editors: with the meaning of each keyword, and with the names that are known. Draft 7, which
// every YAML language server handles. A file that a published schema refuses is refused at start; the loader finds more (paths, codes, searches).
// https://json-schema.org/draft-07/schema, docs/decisions/0059-console-api.md
import { PREFERRED_TYPES } from '../../fhir/current-elements.ts';
import { isObject, toRecord } from '../../fhir/json-values.ts';
import { SERVED_TYPES } from '../../fhir/types.ts';
import { CODE_DERIVATIONS } from '../lens/code-derivations.ts';
import { CODEC_NAMES } from '../lens/codecs.ts';
import { DERIVATION_NAMES } from '../lens/derivations.ts';
import { MAPPING_SCHEMA, SURFACE_SCHEMA } from './file-grammar.ts';
import { KEYWORD_TEXTS } from './keyword-texts.ts';

type Schema = Record<string, unknown>;

/** Name → schema: `/schemas/<name>.json`. */
export const PUBLISHED_SCHEMAS = {
  mapping: { title: 'A mapping of Facet: mappings/<vendor>/<shape>.yaml', build: (url: string) => publish(MAPPING_SCHEMA, url, 'mapping') },
  surface: { title: 'A surface of Facet: mappings/<vendor>/surface.yaml', build: (url: string) => publish(SURFACE_SCHEMA, url, 'surface') },
};

function publish(grammar: object, url: string, kind: keyof typeof PUBLISHED_SCHEMAS): object {
  const { $defs = {}, required = [], ...schema } = toRecord(annotate(grammar, [kind]));
  const definitions = Object.fromEntries(Object.entries(toRecord($defs)).map(([name, one]) => [name, annotate(one, [name])]));
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $id: url,
    title: PUBLISHED_SCHEMAS[kind].title,
    ...schema,
    // `like:` takes over the keywords that this file does not have (read-file.ts)
    anyOf: [{ required }, ...(Object.hasOwn(toRecord(schema.properties), 'like') ? [{ required: ['like'] }] : [])],
    definitions,
  };
}

/** A known name, with or without an argument: `reference(Patient)`. */
const called = (names: readonly string[]): Schema => ({ anyOf: [{ enum: names }, { pattern: `^(${names.join('|')})\\(.*\\)$` }] });

/** Group → keyword → the known names. The loader checks them after the grammar. */
const KNOWN_NAMES: Readonly<Record<string, Record<string, Schema>>> = {
  mapping: { resource: { enum: SERVED_TYPES }, prefer: { propertyNames: { enum: PREFERRED_TYPES } } },
  with: { resource: { enum: SERVED_TYPES } },
  row: { as: { enum: DERIVATION_NAMES } },
  field: { as: called(CODEC_NAMES) },
  follows: { as: { enum: Object.keys(CODE_DERIVATIONS) } },
  derived: { as: { anyOf: [{ enum: DERIVATION_NAMES }, { pattern: '^table\\(.+\\)$' }] } },
};

/** The schema with meanings and known names. `groups`: the keywords that lead to it, the innermost last. */
function annotate(schema: unknown, groups: readonly string[]): unknown {
  if (Array.isArray(schema)) return schema.map((one) => annotate(one, groups));
  if (!isObject(schema)) return schema;
  if ('$ref' in schema) return { $ref: String(schema.$ref).replace('$defs', 'definitions') };
  // an error text of the loader, and in JSON Schema without a meaning
  const { renamed: _, ...rest } = schema;
  return Object.fromEntries(
    Object.entries(rest).map(([word, value]) => [
      word,
      word === 'properties' ? annotateProperties(value, groups) : annotate(value, groups),
    ]),
  );
}

const annotateProperties = (properties: unknown, groups: readonly string[]): Schema =>
  Object.fromEntries(
    Object.entries(toRecord(properties)).map(([name, schema]) => {
      if (!isObject(schema)) return [name, schema];
      const inner = toRecord(annotate(schema, [...groups, name]));
      const text = [findText(groups, name), inner.description].filter(Boolean).join('; write ');
      return [name, { ...inner, ...findNames(groups, name), ...describe(text) }];
    }),
  );

/** `markdownDescription` is an annotation of YAML language servers: they show a `description` as plain text. */
const describe = (markdown: string): Schema => {
  const text = markdown.replace(/ \(\[decision\]\([^)]*\)\)/g, '');
  return { description: text.replaceAll('`', ''), ...(text.includes('`') && { markdownDescription: text }) };
};

/** The meaning of a keyword in the innermost group that has it. */
function findText(groups: readonly string[], name: string): string | undefined {
  const table = groups.findLast((group) => name in (KEYWORD_TEXTS[group] ?? {}) || '*' in (KEYWORD_TEXTS[group] ?? {}));
  return table === undefined ? undefined : (KEYWORD_TEXTS[table]![name] ?? KEYWORD_TEXTS[table]!['*']);
}

const findNames = (groups: readonly string[], name: string): Schema | undefined => {
  const names = KNOWN_NAMES[groups.at(-1)!];
  return names && Object.hasOwn(names, name) ? names[name] : undefined;
};
