// Every view of the console: its path, what is shown once it is loaded, and the resources of which there must be some for it.
import type { Listening } from '../journeys/listening.ts';
import { orderable } from '../journeys/people.ts';

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

export const EVERY_VIEW: readonly (readonly [path: string, content: string])[] = [
  ['/', '.changes li'],
  ['/explorer', '.type-links.prominent'],
  ['/explorer/Observation', '.matches td'],
  ['/orders', '.order-card'],
  [`/orders/${REQUEST}`, '.timeline li'],
  ['/mappings', '.vendor-card'],
  ['/mappings?find=Patient.telecom', '.mappings td'],
  ['/mappings/jump', '.endpoints'],
  ['/mappings/jump?tab=names', '.mappings td'],
  ['/mappings/jump?tab=source', '.source-code'],
  ['/mappings/jump/patient', '.mappings td'],
  ['/mappings/jump/patient?tab=searches', '.mappings td'],
  ['/mappings/jump/patient?tab=losses', '.losses td'],
  [`/mappings/jump/patient?tab=live&id=${PATIENT}`, '.live-view td'],
  ['/mappings/jump/patient?tab=source', '.source-code'],
  [`/Patient/${PATIENT}`, '.json-row'],
  [`/Patient/${PATIENT}?edit=fhir`, '.code-host > *'],
  [`/Patient/${PATIENT}/history`, '.version'],
  [`/Patient/${PATIENT}/references`, '.table-frame td'],
  ['/components', '.table-frame td'],
];

/** Paths at which a view says that it has nothing to show. */
export const EMPTY_VIEWS: readonly (readonly [path: string, content: string])[] = [
  ['/nothing/at/all', '.empty-state:has-text("There is no such view")'],
  ['/explorer/Nothing', '.empty-state:has-text("There is no resource type Nothing here")'],
  ['/orders/nothing', '#content [role=alert]'],
  ['/mappings/jump/nothing', '#content [role=alert]'],
  ['/Patient/nothing', '#content [role=alert]'],
];
