// A second reader for every path: @medplum/core's FHIRPath engine, on the same text.
import { evalFhirPathTyped, toTypedValue } from '@medplum/core';
import type { Path } from '../../src/fhir/path.ts';
import type { Resource } from '../../src/fhir/types.ts';
import type { Field } from '../../src/projection/field.ts';
import type { LoadedShape } from '../../src/projection/loaded.ts';
import type { Env } from '../../src/projection/shape.ts';

/** Compares both readers on every path of a mapping. */
export function agreesWithFhirPath({ lens, mapping }: LoadedShape, resource: Resource, env: Env): void {
  const bound: Env = { ...env };
  const row = mapping.content.row?.key;
  if (row !== undefined && bound[row] === undefined) bound[row] = lens.rows!.keys(resource)[0];
  for (const { name, first } of lens.names.elements) bound[name] = first(resource, bound);
  for (const path of lens.leaves.flatMap(pathsOf)) compare(path, resource, bound, lens.names.scope.aliases);
  for (const { path } of lens.also) compare(path, resource, bound, lens.names.scope.aliases);
}

const pathsOf = ({ paths, written }: Field): Path[] => [...paths, ...written];

function compare(path: Path, resource: Resource, env: Env, aliases: Readonly<Record<string, string>>): void {
  const names = [...path.text.matchAll(/%(\w+)/g)].map(([, name]) => name!);
  if (names.some((name) => !(name in aliases) && env[name] === undefined)) return;
  const text = asEngineReads(path.text, env);
  const variables = Object.fromEntries(
    Object.entries({ ...aliases, ...env })
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [`%${name}`, toTypedValue(asBundle(value))]),
  );
  const theirs = evalFhirPathTyped(text, [toTypedValue(resource)], variables).map(({ value }) => value);
  expect({ path: path.text, values: path.get(resource, env) }).toEqual({ path: path.text, values: theirs });
}

/** The engine holds one value per variable: several go in a Bundle. Its extension() answers the first extension only, where(url=…) all, as FHIR defines both. */
function asEngineReads(text: string, env: Env): string {
  return text
    .replace(/%(\w+)/g, (found, name: string) => (Array.isArray(env[name]) ? `${found}.entry.resource` : found))
    .replace(/extension\(([^()]*)\)/g, 'extension.where(url=$1)');
}

const asBundle = (value: unknown): unknown =>
  Array.isArray(value) ? { resourceType: 'Bundle', type: 'collection', entry: value.map((resource) => ({ resource })) } : value;
