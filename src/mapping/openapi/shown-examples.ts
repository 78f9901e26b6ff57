// The examples of a mapping as its document shows them: requests, items, and values of parameters, each under the title it has in the file.
import { existsSync } from 'node:fs';
import { type Example, envOf, examplesFile, NOW, readExamples } from '../example.ts';
import type { LoadedShape } from '../load/loaded.ts';
import type { View } from '../shape.ts';
import type { Json } from './json.ts';

export interface ShownExamples {
  /** By a name made of the title. */
  requests: Record<string, { summary: string; value: View }>;
  changes: Record<string, { summary: string; value: View }>;
  items: Record<string, { summary: string; value: View }>;
  /** Values of query parameters, as a person would send them. */
  parameters: Record<string, string>;
  /** A change as operations on what is shown. */
  operations: Record<string, { summary: string; value: unknown }>;
  /** An id as the surface shows it. */
  id: string | undefined;
}

/** More than this is no help to a reader, nor is a longer one. */
const MOST = 6;
const LONGEST = 2000;

export function shownExamples({ mapping, shape }: LoadedShape): ShownExamples {
  const examples = existsSync(examplesFile(mapping.file)) ? readExamples(mapping.file).content : [];
  const found = examples.flatMap(({ response }) => (response?.[shape.idName] ? [String(response[shape.idName])] : []));
  return {
    requests: named(examples, ({ request, several = request, perform = several }) => perform && shape.known(perform)),
    changes: named(examples, (example) => changeIn(shape, example)),
    operations: named(examples, ({ change }) => (Array.isArray(change) ? change : undefined)),
    items: named(examples, ({ response }) => response),
    parameters: parametersIn(examples, Object.keys(mapping.content.search ?? {})),
    id: found[0],
  };
}

/** For each parameter a value that a person would send: what an item shows under the same name, for that finds it, else one that an example asks with. */
function parametersIn(examples: Example[], names: string[]): Record<string, string> {
  const asked = (name: string): string[] => examples.flatMap(({ search = {} }) => search[name] ?? []);
  const shown = (name: string): string[] =>
    examples.flatMap(({ response }) => {
      const value = [response?.[name] ?? []].flat()[0];
      return typeof value === 'string' || typeof value === 'boolean' ? String(value) : [];
    });
  return Object.fromEntries(
    names.flatMap((name) => {
      const values = [...shown(name), ...asked(name)].map(plain).filter((value) => value !== '');
      const value = values.find(isPlain) ?? values[0];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** Spaces as a person writes them, and a UUID as most do. */
const plain = (value: string): string => {
  const text = value.trim().replace(/\s+/g, ' ');
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text) ? text.toLowerCase() : text;
};

/** Without what a search escapes: those are there to be tried, not to be shown. */
const isPlain = (value: string): boolean => /^[\p{L}\p{N}+-][\p{L}\p{N} @.:/_+-]*$/u.test(value);

/** What an example of a change asks to be another; undefined: it is no such example, or asks for nothing. */
function changeIn(shape: LoadedShape['shape'], { change, stored, env }: Example): View | undefined {
  if (!change || Array.isArray(change) || !stored) return undefined;
  const view = shape.read(stored, envOf(env), { all: true });
  const { fields } = shape.change('merge', { plain: change, exact: change }, { view, time: NOW });
  return Object.keys(fields).length ? fields : undefined;
}

function named<T>(examples: Example[], of: (example: Example) => T | undefined): Record<string, { summary: string; value: T }> {
  const found = examples.flatMap((example) => {
    const value = of(example);
    return value && JSON.stringify(value).length <= LONGEST ? [[slug(example.title), { summary: example.title, value }] as const] : [];
  });
  return Object.fromEntries(found.slice(0, MOST));
}

const slug = (title: string): string =>
  title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 48);

/** Examples as OpenAPI writes them, the value wrapped as it is answered. */
export const wrapped = (examples: ShownExamples['items'], wrap: (value: View) => unknown): Record<string, Json> =>
  Object.fromEntries(Object.entries(examples).map(([name, { summary, value }]) => [name, { summary, value: wrap(value) }]));
