// Random resources in a store, and questions as the parameters of searches of them.
import { buildIndexRows } from '../../src/fhir/indexing/resource-rows.ts';
import { buildRegistry } from '../../src/fhir/search/registry.ts';
import type { ServedType } from '../../src/fhir/types.ts';
import type { Store } from '../../src/store/store.ts';
import type { Held } from './brute.ts';
import { writtenFilter } from './brute-filter.ts';
import { BASE } from './brute-kinds.ts';
import type { Question } from './questions.ts';

export const registry = buildRegistry([]);

export async function storeWorld(store: Store, tenant: number, world: readonly Held[]): Promise<void> {
  const changes = world.map((resource, at) => ({
    type: resource.resourceType as ServedType,
    id: resource.id,
    version: 1,
    lastUpdated: new Date(Date.UTC(2026, 0, 1, 0, 0, at)).toISOString(),
    method: 'POST' as const,
    actor: 'key',
    body: JSON.stringify(resource),
    index: buildIndexRows(resource, registry, [], BASE),
  }));
  for (let from = 0; from < changes.length; from += 50) await store.write(tenant, changes.slice(from, from + 50));
}

/** The question as the parameters of a search. */
export const toParameters = ({ parameters, sort, filter, includes = [] }: Question): [string, string][] => [
  ...parameters,
  ...(filter ? [['_filter', writtenFilter(filter)] as [string, string]] : []),
  ...(sort.length ? [['_sort', sort.join(',')] as [string, string]] : []),
  ...includes.map(({ name, value }): [string, string] => [name, value]),
];
