// The documentation of ServiceRequest in the CapabilityStatement: which requests are orders, by intent. https://hl7.org/fhir/R4/valueset-request-intent.html

import type { OrderRules } from './order-content.ts';
import { INTENT_ROLES, type IntentRole } from './order-decision.ts';

const INTENT_DESCRIPTIONS: Record<IntentRole, string> = {
  order: 'sent to the laboratory network when its status is active and its code means one test',
  instance:
    'sent like an order, unless its basedOn leads to a request that was sent, to an order that is not active yet, or to a request that is not on this server',
  fulfiller: "the fulfiller's own: stored, and never sent",
  none: 'stored, and never sent: it gets no Task',
};

const UNORDERABLE_DESCRIPTIONS: Record<OrderRules['unorderable'], string> = {
  store:
    'An active laboratory request that cannot be ordered is stored like any other: this server has no account at a laboratory network.',
  reject:
    'An active laboratory request that cannot be ordered is stored with a Task of the status rejected that says why; $validate and Prefer: return=OperationOutcome return the reason as a warning.',
  refuse: 'An active laboratory request that cannot be ordered is refused (422).',
};

/** Returns Markdown. */
export const buildOrderDocumentation = (unorderable: OrderRules['unorderable']): string =>
  [
    'By intent, a ServiceRequest is:',
    '',
    ...Object.entries(INTENT_ROLES).map(([intent, role]) => `- \`${intent}\`: ${INTENT_DESCRIPTIONS[role]}.`),
    '',
    "A code means a test if it is a panel or a lab test of the network, or if one active entry of the catalogue (ActivityDefinition) has a test for it (LOINC, a laboratory's own codes). A code that means several tests is refused (422) with the list of these tests.",
    'The category does not matter to a code that can be ordered. doNotPerform, and a performer that is another laboratory, are never sent.',
    UNORDERABLE_DESCRIPTIONS[unorderable],
    'Task?focus=ServiceRequest/[id] shows the progress of an order.',
  ].join('\n');
