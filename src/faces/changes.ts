// The differences of two JSON values of the server, whose numbers may be raw JSON.
import { isDeepStrictEqual } from 'node:util';
import { isContainer } from '../fhir/json-tree.ts';
import { buildComparison, type JsonChange } from '../json-changes/list-changes.ts';

export type ValueChange = JsonChange<unknown>;

export const listChanges = buildComparison<unknown>({
  isSame: isDeepStrictEqual,
  readMembers: (value) => (isContainer(value) && !Array.isArray(value) ? value : undefined),
  readItems: (value) => (Array.isArray(value) ? value : undefined),
});
