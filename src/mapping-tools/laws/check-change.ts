// Examples of a change: what it makes of a stored resource, and the laws of changes: asked again it changes nothing, and only what it asks is another.
import { isDeepStrictEqual } from 'node:util';
import type { Issue } from '../../fhir/outcome.ts';
import type { Resource } from '../../fhir/types.ts';
import { buildExampleEnv, EXAMPLE_TIME, type Example } from '../../mapping/load/examples.ts';
import type { LoadedShape } from '../../mapping/load/loaded.ts';
import type { ChangePlan, Env, Shape, View } from '../../mapping/shape.ts';
import { findDifferences, findMissing } from './differences.ts';
import type { ExampleContext } from './example-context.ts';
import { checkR4, omitDependentFields } from './round-trip.ts';

/** stored + change → resource → what is shown of it. */
export function checkChange({ loaded, example, world }: ExampleContext): string[] {
  const { stored, becomes, then = {}, perform } = example;
  if (!stored || !becomes) return ['a change needs the resource that is stored and the one it becomes (becomes:)'];
  const { shape } = loaded;
  const env = buildExampleEnv(example.env);
  const [before, { fields, issues }] = [readWholeView(loaded, stored, env), planExampleChange(loaded, example, stored)];
  const made = perform
    ? shape.write(fields, stored, env, { server: true, bare: true })
    : shape.write({ ...before, ...fields }, stored, env);
  const after = readWholeView(loaded, made, env);
  const again = planExampleChange(loaded, example, made);
  return [
    ...[...issues, ...findRequestErrors(loaded, example)].map(({ text }) => `the change is refused: ${text}`),
    ...findDifferences(made, becomes, 'the resource it becomes'),
    ...findMissing(findResponseShape(loaded, world).read(made, env), then, 'the view then'),
    ...checkR4(made),
    ...(Array.isArray(example.change) ? [] : findDifferences(again.fields, {}, 'asked again, what is to be changed')),
    ...pickUnchangedFields(loaded, before, fields).flatMap((name) =>
      findDifferences(after[name], before[name], `${name}, which nobody asked to change,`),
    ),
    ...(isDeepStrictEqual(shape.write(before, stored, env), stored) ? [] : ['a change of nothing changes the resource']),
  ];
}

/** What a body that performs something breaks before anything is looked at. */
const findRequestErrors = ({ shape }: LoadedShape, { perform, env }: Example): Issue[] =>
  perform ? shape.checkRequest(perform, String(env?.now ?? EXAMPLE_TIME)) : [];

/** The shape in whose form a change is answered. */
const findResponseShape = ({ shape }: LoadedShape, { shapes }: ExampleContext['world']): Shape =>
  shapes.find(({ shape: other }) => other.surface.name === shape.surface.name && other.name === shape.responseShape)?.shape ?? shape;

/** The fields of a view that are to stay: others than those asked for, and than other spellings of them. */
function pickUnchangedFields({ lens }: LoadedShape, before: View, asked: View): string[] {
  const changing = lens.fields.filter(({ name }) => name in asked);
  const left = changing.reduce((view, field) => omitDependentFields(view, field, lens.fields), before);
  return Object.keys(left).filter((name) => !(name in asked));
}

/** What is said of a change that is refused. */
export const findChangeErrors = (loaded: LoadedShape, example: Example): Issue[] =>
  planExampleChange(loaded, { ...example, change: example.changeRefused as View }, example.stored!).issues;

const readWholeView = ({ shape }: LoadedShape, resource: Resource, env: Env): View => shape.read(resource, env, { all: true });

function planExampleChange(loaded: LoadedShape, { change, replace, perform, env }: Example, resource: Resource): ChangePlan {
  const body = change ?? replace ?? perform;
  const how = change ? 'merge' : replace ? 'replace' : 'perform';
  const view = loaded.shape.read(resource, buildExampleEnv(env), { all: true, bare: how === 'perform' });
  return loaded.shape.planChange(how, { plain: body, exact: body }, { view, time: String(env?.now ?? EXAMPLE_TIME) });
}
