// A world of given resources: the JSON files of a folder and its folders, each of them a resource or a Bundle of resources.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isServed } from '../../src/fhir/types.ts';
import type { Held } from './brute.ts';

/** Each resource once, by its type and id. */
export function readWorld(folder: string): Held[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'));
  const resources = files.toSorted().flatMap((file) => resourcesIn(JSON.parse(readFileSync(join(folder, file), 'utf8'))));
  return [...new Map(resources.map((one) => [`${one.resourceType}/${one.id}`, one])).values()];
}

function resourcesIn(read: Held & { entry?: { resource?: Held }[] }): Held[] {
  const own = typeof read.id === 'string' && isServed(read.resourceType) ? [read] : [];
  return read.resourceType === 'Bundle'
    ? [...own, ...(read.entry ?? []).flatMap(({ resource }) => (resource ? resourcesIn(resource) : []))]
    : own;
}
