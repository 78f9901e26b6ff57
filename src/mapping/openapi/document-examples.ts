// Picks examples of a mapping for its OpenAPI document: requests, items and values of parameters, by the titles in the examples file.
import { existsSync } from 'node:fs';
import { buildExampleEnv, EXAMPLE_TIME, type Example, readExamples, toExamplesPath } from '../load/examples.ts';
import type { LoadedShape } from '../load/loaded.ts';
import type { View } from '../shape.ts';
import type { Json } from './json.ts';

/** An example with its title. `x-documented`: it is in the vendor's documents. */
interface NamedExample<T> {
  summary: string;
  'x-documented'?: true;
  value: T;
}

/** Examples by a name derived from the title. */
type NamedExamples<T> = Record<string, NamedExample<T>>;

export interface DocumentExamples {
  requests: NamedExamples<View>;
  changes: NamedExamples<View>;
  items: NamedExamples<View>;
  /** Typical values of query parameters. */
  parameters: Record<string, string>;
  /** The query parameters of the request that the vendor's documents show. */
  documentedParameters: Record<string, string>;
  /** Changes as JSON Patch. */
  operations: NamedExamples<unknown>;
  /** An id as the surface shows it. */
  id: string | undefined;
}

/** Keeps documents short. */
const MAX_EXAMPLES = 6;
const MAX_EXAMPLE_LENGTH = 2000;

export function pickDocumentExamples({ mapping, shape }: LoadedShape): DocumentExamples {
  const inFile = existsSync(toExamplesPath(mapping.file)) ? readExamples(mapping.file).content : [];
  const examples = [...inFile.filter(({ documented }) => documented), ...inFile.filter(({ documented }) => !documented)];
  const found = examples.flatMap(({ response }) => (response?.[shape.idName] ? [String(response[shape.idName])] : []));
  return {
    requests: nameExamples(examples, ({ request, several = request, perform = several }) => perform && shape.pickKnownFields(perform)),
    changes: nameExamples(examples, (example) => planExampleChange(shape, example)),
    operations: nameExamples(examples, ({ change }) => (Array.isArray(change) ? change : undefined)),
    items: nameExamples(examples, ({ response }) => response),
    parameters: pickParameters(inFile, Object.keys(mapping.content.search ?? {})),
    documentedParameters: examples.find(({ documented, search }) => documented && search)?.search ?? {},
    id: found[0],
  };
}

/** A typical value for each parameter: that of a field with the same name, else one from an example. */
function pickParameters(examples: Example[], names: string[]): Record<string, string> {
  const listExampleValues = (name: string): string[] => examples.flatMap(({ search = {} }) => search[name] ?? []);
  const listShownValues = (name: string): string[] =>
    examples.flatMap(({ response }) => {
      const value = [response?.[name] ?? []].flat()[0];
      return typeof value === 'string' || typeof value === 'boolean' ? String(value) : [];
    });
  return Object.fromEntries(
    names.flatMap((name) => {
      const values = [...listShownValues(name), ...listExampleValues(name)].map(normalizeSample).filter((value) => value !== '');
      const value = values.find(isUnescaped) ?? values[0];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** Normalises spaces, and UUIDs to lower case. */
const normalizeSample = (value: string): string => {
  const text = value.trim().replace(/\s+/g, ' ');
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text) ? text.toLowerCase() : text;
};

/** Whether the value has no characters that a search escapes. */
const isUnescaped = (value: string): boolean => /^[\p{L}\p{N}+-][\p{L}\p{N} @.:/_+-]*$/u.test(value);

/** The changed fields in an example of a merge patch; undefined: another example, or no change. */
function planExampleChange(shape: LoadedShape['shape'], { change, stored, env }: Example): View | undefined {
  if (!change || Array.isArray(change) || !stored) return undefined;
  const view = shape.read(stored, buildExampleEnv(env), { all: true });
  const { fields } = shape.planChange('merge', { plain: change, exact: change }, { view, time: EXAMPLE_TIME });
  return Object.keys(fields).length ? fields : undefined;
}

function nameExamples<T>(examples: Example[], of: (example: Example) => T | undefined): NamedExamples<T> {
  const found = examples.flatMap((example) => {
    const value = of(example);
    if (!value || (!example.documented && JSON.stringify(value).length > MAX_EXAMPLE_LENGTH)) return [];
    const named: NamedExample<T> = { summary: example.title, ...(example.documented && { 'x-documented': true }), value };
    return [[toSlug(example.title), named] as const];
  });
  return Object.fromEntries(found.slice(0, MAX_EXAMPLES));
}

const toSlug = (title: string): string =>
  title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 48);

/** Examples in the form of OpenAPI, each value in its envelope. */
export const wrapExamples = (examples: DocumentExamples['items'], wrap: (value: View) => unknown): Record<string, Json> =>
  Object.fromEntries(Object.entries(examples).map(([name, { value, ...facts }]) => [name, { ...facts, value: wrap(value) }]));
