// The index of all references of a resource, also of those that no search parameter covers. It is kept only where references are enforced, to find what refers to
// a resource. It is no search parameter. docs/decisions/0036-referential-integrity.md
import { hash, hashParameterName } from '../hash.ts';
import { listOwnReferences } from '../links.ts';
import type { IndexedParameter, IndexedParameters } from './indexed-parameter.ts';
import { hashPresence } from './token.ts';

const CODE = '_references';

export const ALL_REFERENCES: IndexedParameter = {
  code: CODE,
  type: 'reference',
  number: hashParameterName(CODE),
  textNumber: hashParameterName(`${CODE}:text`),
  caseInsensitive: false,
  withoutSystem: false,
  systems: [],
  substringIndexed: false,
  phonetic: false,
  presence: hashPresence(CODE),
  definition: hash(CODE),
  types: ['Reference'],
  evaluate: (resource) => listOwnReferences(resource).map((reference) => ({ type: 'Reference', value: { reference } })),
};

/** The same parameters, and the index of all references for every type. */
export const indexAllReferences = <R extends IndexedParameters>(registry: R): R => ({
  ...registry,
  listIndexed: (type: string) => [...registry.listIndexed(type), ALL_REFERENCES],
});
