// Every view of the console for the tests, and the resources that must be stored for it.
import type { Listening } from '../journeys/listening.ts';
import { orderable } from '../journeys/people.ts';
import { listViews } from './list-views.ts';

const PATIENT = '01936b00-0000-7000-8000-0000000000ab';
const SUBJECT = { reference: `Patient/${PATIENT}` };
const REQUEST = '01936b00-0000-7000-8000-0000000000ad';
const SHOWN = [
  { ...orderable(PATIENT), resourceType: 'Patient' },
  {
    resourceType: 'Observation',
    id: '01936b00-0000-7000-8000-0000000000ac',
    status: 'final',
    code: { text: 'Thyroid peroxidase antibodies in serum or plasma' },
    subject: SUBJECT,
    effectiveDateTime: '2026-01-02T03:04:05Z',
  },
  { resourceType: 'ServiceRequest', id: REQUEST, status: 'completed', intent: 'order', subject: SUBJECT, code: { text: 'Ferritin' } },
  {
    resourceType: 'Task',
    id: '01936b00-0000-7000-8000-0000000000ae',
    status: 'completed',
    intent: 'order',
    code: { coding: [{ system: 'http://hl7.org/fhir/CodeSystem/task-code', code: 'fulfill' }] },
    for: SUBJECT,
    focus: { reference: `ServiceRequest/${REQUEST}` },
  },
];

export async function storeShown({ put }: Listening): Promise<void> {
  for (const resource of SHOWN) await put(resource).expect(201);
}

export const EVERY_VIEW = listViews({ patient: PATIENT, order: REQUEST }).map(({ path, content }) => [path, content] as const);

/** Paths at which a view says that it has nothing to show. */
export const EMPTY_VIEWS: readonly (readonly [path: string, content: string])[] = [
  ['/nothing/at/all', '.empty-state:has-text("There is no such view")'],
  ['/explorer/Nothing', '.empty-state:has-text("There is no resource type Nothing here")'],
  ['/orders/nothing', '#content [role=alert]'],
  ['/mappings/jump/nothing', '#content [role=alert]'],
  ['/Patient/nothing', '#content [role=alert]'],
];
