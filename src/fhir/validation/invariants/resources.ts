// The error-level constraints of the served resource types, by key. https://hl7.org/fhir/R4/resourcelist.html (tab "Constraints" of each type)

import { findContainedResource } from '../../contained-resource.ts';
import { type Element, isElement, items } from '../../element.ts';
import { readReferenceType } from '../../reference.ts';
import { hasChoiceElement, hasCoding, hasElement, type InvariantPredicate, mayPrecede } from './element.ts';

const CLINICAL = 'http://terminology.hl7.org/CodeSystem/condition-clinical';
const VERIFICATION = 'http://terminology.hl7.org/CodeSystem/condition-ver-status';

const requireAny =
  (...names: string[]): InvariantPredicate =>
  (element) =>
    names.some((name) => hasElement(element, name));

/** The constraint of R4 names the system `something`, and so does this. */
const requirePatientForScope =
  (scope: string): InvariantPredicate =>
  (consent) =>
    hasElement(consent, 'patient') || !hasCoding(consent.scope, 'something', [scope]);

const isNotHomeUse: InvariantPredicate = (contact) => contact.use !== 'home';

/** Key → predicate; the element is the one the constraint stands on. */
export const RESOURCE_INVARIANTS: Record<string, InvariantPredicate> = {
  'con-1': requireAny('summary', 'assessment'),
  'con-2': requireAny('code', 'detail'),
  'con-4': (condition) =>
    !hasChoiceElement(condition, 'abatement') || hasCoding(condition.clinicalStatus, CLINICAL, ['resolved', 'remission', 'inactive']),
  'con-5': (condition) =>
    !hasElement(condition, 'clinicalStatus') || !hasCoding(condition.verificationStatus, VERIFICATION, ['entered-in-error']),
  'ctm-1': (participant, root) => !hasElement(participant, 'onBehalfOf') || mayBePractitioner(participant.member, root),
  'grp-1': (group) => !hasElement(group, 'member') || group.actual === true,
  'inv-1': (task) => mayPrecede(task.authoredOn, task.lastModified),
  'lst-1': (list) => !hasElement(list, 'emptyReason') || !hasElement(list, 'entry'),
  'lst-2': (list) => list.mode === 'changes' || !items(list.entry).some((entry) => hasElement(entry, 'deleted')),
  'lst-3': (list) => list.mode === 'working' || !items(list.entry).some((entry) => hasElement(entry, 'date')),
  'obs-3': requireAny('low', 'high', 'text'),
  'obs-6': (observation) => !hasElement(observation, 'dataAbsentReason') || !hasChoiceElement(observation, 'value'),
  'obs-7': (observation) =>
    !hasElement(observation, 'component') || !hasChoiceElement(observation, 'value') || !hasComponentWithOwnCode(observation),
  'org-1': requireAny('identifier', 'name'),
  'org-2': isNotHomeUse,
  'org-3': isNotHomeUse,
  'pat-1': requireAny('name', 'telecom', 'address', 'organization'),
  'ppc-1': requireAny('policy', 'policyRule'),
  'ppc-2': requirePatientForScope('patient-privacy'),
  'ppc-3': requirePatientForScope('research'),
  'ppc-4': requirePatientForScope('adr'),
  'ppc-5': requirePatientForScope('treatment'),
  'prr-1': (request) => !hasElement(request, 'orderDetail') || hasElement(request, 'code'),
  'qrs-1': (item) => !hasElement(item, 'answer') || !hasElement(item, 'item'),
};

/** What a reference leads to, as far as its text or a contained resource tells: one that cannot be followed breaks no rule. */
function mayBePractitioner(member: unknown, root: Element): boolean {
  const text = isElement(member) && typeof member.reference === 'string' ? member.reference : '';
  const type = text.startsWith('#') ? findContainedResource(root, text)?.resourceType : readReferenceType(text);
  return type === undefined || type === 'Practitioner';
}

/** Whether a component has a coding that the observation's own code has, equal in all its elements. */
function hasComponentWithOwnCode(observation: Element): boolean {
  const own = new Set(listCodings(observation));
  return items(observation.component).some((component) => listCodings(component).some((coding) => own.has(coding)));
}

const listCodings = (element: Element): string[] =>
  isElement(element.code) ? items(element.code.coding).map((coding) => JSON.stringify(Object.entries(coding).sort())) : [];
