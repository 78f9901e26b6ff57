// The index rules of each type: the definitions of its search parameters, and the indexing version of each kind of parameter. If the rules of a type change,
// its resources are indexed again (src/interactions/reindex.ts).
import { hash } from '../hash.ts';
import { SERVED_TYPES, type ServedType } from '../types.ts';
import { COLUMN_PARAMETERS, type IndexedParameters, type ParameterKind } from './indexed-parameter.ts';

/**
 * Kind of parameter → the version of its indexing. Increase it with every change of the rows that resource-rows.ts builds from the same resource.
 * test/fhir/index-rules.test.ts detects such a change.
 */
export const INDEXING_VERSIONS: Readonly<Record<ParameterKind, number>> = {
  token: 1,
  string: 2,
  date: 1,
  reference: 1,
  uri: 1,
  number: 1,
  quantity: 1,
  composite: 1,
  special: 1,
};

export interface TypeIndexRules {
  type: ServedType;
  fingerprint: string;
  /** Code of a parameter → the fingerprint of its rules. */
  parameters: Record<string, string>;
}

/** The rules of every served type. */
export function buildIndexRules(registry: IndexedParameters): TypeIndexRules[] {
  return SERVED_TYPES.map((type) => {
    const indexed = registry.listIndexed(type).filter(({ code }) => !COLUMN_PARAMETERS.has(code));
    const parameters = Object.fromEntries(
      indexed.map(({ code, type: kind, definition }) => [code, `${INDEXING_VERSIONS[kind]}.${definition}`]),
    );
    return { type, fingerprint: hash(JSON.stringify(Object.entries(parameters).sort())), parameters };
  });
}

/** The codes of the parameters whose fingerprint differs from the other rules, or is absent there. */
export const findChangedParameters = ({ parameters }: TypeIndexRules, others: Readonly<Record<string, string>>): string[] =>
  Object.keys(parameters).filter((code) => parameters[code] !== others[code]);
