// Examples of a change: what it makes of a stored resource, and the laws of changes: asked again it changes nothing, and only what it asks is another.
import { isDeepStrictEqual } from 'node:util';
import type { Issue } from '../../fhir/outcome.ts';
import type { Resource } from '../../fhir/types.ts';
import { type Example, envOf, NOW } from '../example.ts';
import type { LoadedShape } from '../load/loaded.ts';
import type { Change, Env, Shape, View } from '../shape.ts';
import { differences, missing } from './difference.ts';
import { validR4, withoutSharers } from './round-trip.ts';
import type { Shown } from './shown.ts';

/** stored + change → resource → what is shown of it. */
export function changed({ loaded, example, world }: Shown): string[] {
  const { stored, becomes, then = {}, perform } = example;
  if (!stored || !becomes) return ['a change needs the resource that is stored and the one it becomes (becomes:)'];
  const { shape } = loaded;
  const env = envOf(example.env);
  const [before, { fields, issues }] = [viewOf(loaded, stored, env), changeOf(loaded, example, stored)];
  const made = perform
    ? shape.write(fields, stored, env, { server: true, bare: true })
    : shape.write({ ...before, ...fields }, stored, env);
  const after = viewOf(loaded, made, env);
  const again = changeOf(loaded, example, made);
  return [
    ...[...issues, ...refusedAtOnce(loaded, example)].map(({ text }) => `the change is refused: ${text}`),
    ...differences(made, becomes, 'the resource it becomes'),
    ...missing(formOf(loaded, world).read(made, env), then, 'the view then'),
    ...validR4(made),
    ...(Array.isArray(example.change) ? [] : differences(again.fields, {}, 'asked again, what is to be changed')),
    ...unasked(loaded, before, fields).flatMap((name) => differences(after[name], before[name], `${name}, which nobody asked to change,`)),
    ...(isDeepStrictEqual(shape.write(before, stored, env), stored) ? [] : ['a change of nothing changes the resource']),
  ];
}

/** What a body that performs something breaks before anything is looked at. */
const refusedAtOnce = ({ shape }: LoadedShape, { perform, env }: Example): Issue[] =>
  perform ? shape.check(perform, String(env?.now ?? NOW)) : [];

/** The shape in whose form a change is answered. */
const formOf = ({ shape }: LoadedShape, { shapes }: Shown['world']): Shape =>
  shapes.find(({ shape: other }) => other.surface.name === shape.surface.name && other.name === shape.answers)?.shape ?? shape;

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

function changeOf(loaded: LoadedShape, { change, replace, perform, env }: Example, resource: Resource): Change {
  const body = change ?? replace ?? perform;
  const how = change ? 'merge' : replace ? 'replace' : 'perform';
  const view = loaded.shape.read(resource, envOf(env), { all: true, bare: how === 'perform' });
  return loaded.shape.change(how, { plain: body, exact: body }, { view, time: String(env?.now ?? NOW) });
}
