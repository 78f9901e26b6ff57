// The examples of a mapping as its document shows them: requests, items, and values of parameters, each under the title it has in the file.
import { existsSync } from 'node:fs';
import { type Example, envOf, examplesFile, NOW, readExamples } from '../laws/example.ts';
import type { LoadedShape } from '../load/loaded.ts';
import type { View } from '../shape.ts';
import type { Json } from './json.ts';

export interface ShownExamples {
  /** By a name made of the title. */
  requests: Record<string, { summary: string; value: View }>;
  changes: Record<string, { summary: string; value: View }>;
  items: Record<string, { summary: string; value: View }>;
  /** Values of query parameters that an example asks with. */
  parameters: Record<string, string>;
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
    requests: named(examples, ({ request }) => request && shape.known(request)),
    changes: named(examples, (example) => changeIn(shape, example)),
    items: named(examples, ({ response }) => response),
    parameters: Object.fromEntries(
      examples
        .flatMap(({ search = {} }) => Object.entries(search))
        .filter(([, value]) => value.trim() !== '')
        .reverse(),
    ),
    id: found[0],
  };
}

/** What an example of a change asks to be another; undefined: it is no such example, or asks for nothing. */
function changeIn(shape: LoadedShape['shape'], { change, stored, env }: Example): View | undefined {
  if (!change || Array.isArray(change) || !stored) return undefined;
  const view = shape.read(stored, envOf(env), { all: true });
  const { fields } = shape.change('merge', { plain: change, exact: change }, { view, time: NOW });
  return Object.keys(fields).length ? fields : undefined;
}

function named(examples: Example[], of: (example: Example) => View | undefined): ShownExamples['requests'] {
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
