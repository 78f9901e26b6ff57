// Results of introspection, kept as JSON: they depend on the schema alone, and the standard query of tools occupies the process for more than a second.
// docs/decisions/0040-graphql.md
import { type DocumentNode, Kind, print } from 'graphql';
import type { SearchRegistry } from '../../fhir/search/registry.ts';

/** Results of one schema, and their characters together. The result of the standard query has 14 million. */
const MAX_RESULTS = 16;
const MAX_CHARACTERS = 48_000_000;

const results = new WeakMap<SearchRegistry, Map<string, string>>();

const SCHEMA_FIELDS = new Set(['__schema', '__type', '__typename']);

interface QueryParts {
  variables?: Record<string, unknown>;
  operationName?: string;
  instance?: object;
}

/** The key of a query of the system that asks for nothing but the schema; undefined for every other query. White space and comments make no difference. */
export function toSchemaKey(document: DocumentNode, { variables, operationName, instance }: QueryParts): string | undefined {
  const isSchemaOnly = document.definitions.every(
    (definition) =>
      definition.kind !== Kind.OPERATION_DEFINITION ||
      definition.selectionSet.selections.every((selection) => selection.kind === Kind.FIELD && SCHEMA_FIELDS.has(selection.name.value)),
  );
  return isSchemaOnly && !instance ? JSON.stringify([print(document), operationName, variables]) : undefined;
}

export const findSchemaResult = (registry: SearchRegistry, key: string): string | undefined => results.get(registry)?.get(key);

/** Keeps a result, instead of the oldest ones if there is no room for all. */
export function keepSchemaResult(registry: SearchRegistry, key: string, json: string): void {
  const kept = results.get(registry) ?? new Map<string, string>();
  results.set(registry, kept.set(key, json));
  const countCharacters = (): number => [...kept].reduce((sum, entry) => sum + entry[0].length + entry[1].length, 0);
  for (const oldest of kept.keys()) {
    if (kept.size <= MAX_RESULTS && countCharacters() <= MAX_CHARACTERS) break;
    kept.delete(oldest);
  }
}
