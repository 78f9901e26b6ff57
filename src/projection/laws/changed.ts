// Examples of a change: what it makes of a stored resource, and the laws of changes: asked again it changes nothing, and only what it asks is another.
import { isDeepStrictEqual } from 'node:util';
import type { Issue } from '../../fhir/outcome.ts';
import type { Resource } from '../../fhir/types.ts';
import type { LoadedShape } from '../load/loaded.ts';
import type { Change, Env, View } from '../shape.ts';
import { differences, missing } from './difference.ts';
import { type Example, envOf, NOW } from './example.ts';
import type { Shown } from './example-kinds.ts';
import { validR4, withoutSharers } from './round-trip.ts';

/** stored + change → resource → what is shown of it. */
export function changed({ loaded, example }: Shown): string[] {
  const { stored, becomes, then = {} } = example;
  if (!stored || !becomes) return ['a change needs the resource that is stored and the one it becomes (becomes:)'];
  const { shape } = loaded;
  const env = envOf(example.env);
  const [before, { fields, issues }] = [viewOf(loaded, stored, env), changeOf(loaded, example, stored)];
  const made = shape.write({ ...before, ...fields }, stored, env);
  const after = viewOf(loaded, made, env);
  const again = changeOf(loaded, example, made);
  return [
    ...issues.map(({ text }) => `the change is refused: ${text}`),
    ...differences(made, becomes, 'the resource it becomes'),
    ...missing(shape.read(made, env), then, 'the view then'),
    ...validR4(made),
    ...(Array.isArray(example.change) ? [] : differences(again.fields, {}, 'asked again, what is to be changed')),
    ...unasked(loaded, before, fields).flatMap((name) => differences(after[name], before[name], `${name}, which nobody asked to change,`)),
    ...(isDeepStrictEqual(shape.write(before, stored, env), stored) ? [] : ['a change of nothing changes the resource']),
  ];
}

/** The fields of a view that are to stay: others than those asked for, and than other spellings of them. */
function unasked({ lens }: LoadedShape, before: View, asked: View): string[] {
  const changing = lens.fields.filter(({ name }) => name in asked);
  const left = changing.reduce((view, field) => withoutSharers(view, field, lens.fields), before);
  return Object.keys(left).filter((name) => !(name in asked));
}

/** What is said of a change that is refused. */
export const refusedChange = (loaded: LoadedShape, example: Example): Issue[] =>
  changeOf(loaded, { ...example, change: example.changeRefused as View }, example.stored!).issues;

const viewOf = ({ shape }: LoadedShape, resource: Resource, env: Env): View => shape.read(resource, env, { all: true });

function changeOf(loaded: LoadedShape, { change, replace, env }: Example, resource: Resource): Change {
  const body = change ?? replace;
  const view = viewOf(loaded, resource, envOf(env));
  return loaded.shape.change(change ? 'merge' : 'replace', { plain: body, exact: body }, { view, time: String(env?.now ?? NOW) });
}
