// The resources in the examples of a mapping, each with what its view needs.
import { toRecord } from '../../src/fhir/json-values.ts';
import { isResource, type Resource } from '../../src/fhir/types.ts';
import type { Example } from '../../src/mapping/load/examples.ts';
import type { LoadedShape } from '../../src/mapping/load/loaded.ts';
import { distributeJoins } from '../../src/mapping/query/joins.ts';
import type { Env } from '../../src/mapping/shape.ts';
import { buildExampleEnv } from './examples.ts';

/** A resource with what its view needs. */
export interface Case {
  title: string;
  resource: Resource;
  env: Env;
}

export function casesOf(loaded: LoadedShape, example: Example): Case[] {
  const { shape, lens } = loaded;
  return [example.resource, example.stored, example.becomes, example.into].flatMap((stored): Case[] => {
    if (!stored) return [];
    const resource: Resource = { id: example.assigned?.id ?? '0190b3c2-0000-7000-8000-000000000001', ...stored };
    const given = toRecord(addIds(example.env ?? {}));
    const joined = distributeJoins(resource, shape.joins, given);
    const env = buildExampleEnv({ ...shape.pickBoundParameters(example.search ?? {}), ...given, ...joined });
    const keys = lens.rows && env[lens.rows.name] === undefined ? lens.rows.readKeys(resource) : [];
    const envs = keys.length ? keys.map((key) => ({ ...env, [lens.rows!.name]: key })) : [env];
    return envs.map((one) => ({ title: example.title, resource, env: one }));
  });
}

/** Joined resources with an id each. */
const addIds = (value: unknown): unknown =>
  Object.fromEntries(
    Object.entries(toRecord(value)).map(([name, list]) => [
      name,
      Array.isArray(list) ? list.map((one: unknown, at) => (isResource(one) ? { id: `${name}-${at}`, ...one } : one)) : list,
    ]),
  );
