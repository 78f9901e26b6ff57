// Small changes of resources for the store's tests.
import type { IndexRows } from '../../src/fhir/indexing/rows.ts';
import type { ResourceChange } from '../../src/store/resources/resource-change.ts';

export const AT = '2026-01-02T03:04:05.678Z';

export const indexOf = (more: Partial<IndexRows> = {}): IndexRows => ({
  self: '1',
  tokens: [],
  strings: [],
  dates: [],
  numbers: [],
  references: [],
  codes: [],
  composites: [],
  ...more,
});

/** The first version of Patient/id. */
export const createOf = (id: string, more: Partial<ResourceChange> = {}): ResourceChange => ({
  type: 'Patient',
  id,
  version: 1,
  lastUpdated: AT,
  method: 'POST',
  actor: 'key-1',
  body: `{"resourceType":"Patient","id":"${id}"}`,
  index: indexOf(),
  ...more,
});

/** The version after `previous`. */
export const updateOf = (id: string, previous: number, more: Partial<ResourceChange> = {}): ResourceChange =>
  createOf(id, {
    version: previous + 1,
    previous,
    method: 'PUT',
    body: `{"resourceType":"Patient","id":"${id}","v":${previous + 1}}`,
    ...more,
  });

/** The deletion of `previous`. */
export const deletionOf = (id: string, previous: number): ResourceChange => {
  const { index: _none, ...change } = updateOf(id, previous, { method: 'DELETE', body: null });
  return change;
};
