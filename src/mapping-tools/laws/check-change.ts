// Checks examples of a change: the resource that it makes, that repeating it changes nothing, and that it changes only the requested fields.

import { isDeepStrictEqual } from 'node:util';
import type { Issue } from '../../fhir/outcome.ts';
import type { Resource } from '../../fhir/types.ts';
import { buildExampleEnv, EXAMPLE_TIME, type Example } from '../../mapping/load/examples.ts';
import type { LoadedShape } from '../../mapping/load/loaded.ts';
import type { ChangePlan, Env, Shape, View } from '../../mapping/shape.ts';
import { findDifferences, findMissing } from './differences.ts';
import type { ExampleContext } from './example-context.ts';
import { checkR4, omitDependentFields } from './round-trip.ts';

/** stored + change → resource → view. */
export function checkChange({ loaded, example, world }: ExampleContext): string[] {
  const { stored, becomes, then = {}, perform } = example;
  if (!stored || !becomes) return ['a change needs the resource that is stored and the one it becomes (becomes:)'];
  const { shape } = loaded;
  const env = buildExampleEnv(example.env);
  const [before, { fields, issues }] = [readWholeView(loaded, stored, env), planExampleChange(loaded, example, stored)];
  const written = perform
    ? shape.write(fields, stored, env, { server: true, bare: true })
    : shape.write({ ...before, ...fields }, stored, env);
  const after = readWholeView(loaded, written, env);
  const secondPlan = planExampleChange(loaded, example, written);
  return [
    ...[...issues, ...findRequestErrors(loaded, example)].map(({ text }) => `the change is refused: ${text}`),
    ...findDifferences(written, becomes, 'the resource it becomes'),
    ...findMissing(findResponseShape(loaded, world).read(written, env), then, 'the view then'),
    ...checkR4(written),
    ...(Array.isArray(example.change) ? [] : findDifferences(secondPlan.fields, {}, 'asked again, what is to be changed')),
    ...pickUnchangedFields(loaded, before, fields).flatMap((name) =>
      findDifferences(after[name], before[name], `${name}, which nobody asked to change,`),
    ),
    ...(isDeepStrictEqual(shape.write(before, stored, env), stored) ? [] : ['a change of nothing changes the resource']),
  ];
}

/** The errors in the body of an action. */
const findRequestErrors = ({ shape }: LoadedShape, { perform, env }: Example): Issue[] =>
  perform ? shape.checkRequest(perform, String(env?.now ?? EXAMPLE_TIME)) : [];

/** The shape that formats the response. */
const findResponseShape = ({ shape }: LoadedShape, { shapes }: ExampleContext['world']): Shape =>
  shapes.find(({ shape: other }) => other.surface.name === shape.surface.name && other.name === shape.responseShape)?.shape ?? shape;

/** The fields that the change must leave: all but the requested ones and their second names. */
function pickUnchangedFields({ lens }: LoadedShape, before: View, change: View): string[] {
  const changing = lens.fields.filter(({ name }) => name in change);
  const unchanged = changing.reduce((view, field) => omitDependentFields(view, field, lens.fields), before);
  return Object.keys(unchanged).filter((name) => !(name in change));
}

/** The errors of a refused change. */
export const findChangeErrors = (loaded: LoadedShape, example: Example): Issue[] =>
  planChange(loaded, { kind: 'merge', body: example.changeRefused, env: example.env }, example.stored!).issues;

const readWholeView = ({ shape }: LoadedShape, resource: Resource, env: Env): View => shape.read(resource, env, { all: true });

function planExampleChange(loaded: LoadedShape, { change, replace, perform, env }: Example, resource: Resource): ChangePlan {
  const kind = change ? 'merge' : replace ? 'replace' : 'perform';
  return planChange(loaded, { kind, body: change ?? replace ?? perform, env }, resource);
}

interface ChangeRequest {
  kind: 'merge' | 'replace' | 'perform';
  body: unknown;
  env: Example['env'];
}

function planChange(loaded: LoadedShape, { kind, body, env }: ChangeRequest, resource: Resource): ChangePlan {
  const view = loaded.shape.read(resource, buildExampleEnv(env), { all: true, bare: kind === 'perform' });
  return loaded.shape.planChange(kind, { plain: body, exact: body }, { view, time: String(env?.now ?? EXAMPLE_TIME) });
}
