// Checks that FACET_TYPES leaves out no type that is needed: by orders, by a mapping or by stored resources.
import type { Config } from '../config.ts';
import { isServed, KNOWN_TYPES, type ServedType } from '../fhir/types.ts';
import type { Mappings } from '../mapping/shape.ts';
import { ORDERING_TYPES } from '../orders/ordering-types.ts';

/** The types that the mappings' shapes and joins are about. */
export const listMappedTypes = ({ shapes }: Mappings): ServedType[] =>
  shapes.flatMap(({ resource, joins }) => [resource, ...joins.map(({ type }) => type)]);

/** Throws for a type that FACET_TYPES leaves out and that is needed. `findStored`: those of the types that have resources. */
export async function checkServedTypes(
  { types }: Pick<Config, 'types'>,
  mappings: Mappings,
  findStored: (types: ServedType[]) => Promise<ServedType[]>,
): Promise<void> {
  if (!types) return;
  const leftOut = KNOWN_TYPES.filter((type) => !isServed(type));
  const needs: [string, readonly ServedType[]][] = [
    ['laboratory orders need', ORDERING_TYPES],
    ['the mappings need', listMappedTypes(mappings)],
    ['stored resources are of', await findStored(leftOut)],
  ];
  for (const [need, needed] of needs) {
    const missing = leftOut.filter((type) => needed.includes(type));
    if (missing.length) throw new Error(`FACET_TYPES leaves out what ${need}: add ${missing.join(', ')}`);
  }
}
