// Which rules make the index rows of a type: its search parameters as they are defined, and how this program indexes each kind of them. Other rules make
// other rows, and those of before have to be made again (src/interactions/reindex.ts).
import { hash } from '../hash.ts';
import { SERVED_TYPES, type ServedType } from '../types.ts';
import { COLUMN_PARAMETERS, type IndexedParameters, type ParameterKind } from './indexed-parameter.ts';

/**
 * How each kind is indexed, as a number: it goes up with every change of what resource-rows.ts makes of the same resource, so that what is stored is
 * indexed again. test/fhir/index-rules.test.ts notices a change.
 */
export const INDEXING_VERSIONS: Readonly<Record<ParameterKind, number>> = {
  token: 1,
  string: 1,
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
  /** Code of a parameter → the fingerprint of its own rules. */
  parameters: Record<string, string>;
}

/** The rules of every served type. */
export function buildIndexRules(registry: IndexedParameters): TypeIndexRules[] {
  return SERVED_TYPES.map((type) => {
    const indexed = registry.list(type).filter(({ code }) => !COLUMN_PARAMETERS.has(code));
    const parameters = Object.fromEntries(
      indexed.map(({ code, type: kind, definition }) => [code, `${INDEXING_VERSIONS[kind]}.${definition}`]),
    );
    return { type, fingerprint: hash(JSON.stringify(Object.entries(parameters).sort())), parameters };
  });
}

/** The parameters that other rules make otherwise, or not at all. */
export const findChangedParameters = ({ parameters }: TypeIndexRules, others: Readonly<Record<string, string>>): string[] =>
  Object.keys(parameters).filter((code) => parameters[code] !== others[code]);
