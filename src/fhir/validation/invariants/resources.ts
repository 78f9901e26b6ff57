// The error-level constraints of the served resource types, by key. https://hl7.org/fhir/R4/resourcelist.html (tab "Constraints" of each type)

import { type Element, isElement, items } from '../../element.ts';
import { localTarget } from '../../local-target.ts';
import { referencedType } from '../../reference-target.ts';
import { has, hasChoice, hasCoding, mayPrecede, type Predicate } from './element.ts';

const CLINICAL = 'http://terminology.hl7.org/CodeSystem/condition-clinical';
const VERIFICATION = 'http://terminology.hl7.org/CodeSystem/condition-ver-status';

const anyOf =
  (...names: string[]): Predicate =>
  (element) =>
    names.some((name) => has(element, name));

/** The constraint of R4 names the system `something`, and so does this. */
const patientUnless =
  (scope: string): Predicate =>
  (consent) =>
    has(consent, 'patient') || !hasCoding(consent.scope, 'something', [scope]);

const notAtHome: Predicate = (contact) => contact.use !== 'home';

/** Key → predicate; the element is the one the constraint stands on. */
export const RESOURCE_INVARIANTS: Record<string, Predicate> = {
  'con-1': anyOf('summary', 'assessment'),
  'con-2': anyOf('code', 'detail'),
  'con-4': (condition) =>
    !hasChoice(condition, 'abatement') || hasCoding(condition.clinicalStatus, CLINICAL, ['resolved', 'remission', 'inactive']),
  'con-5': (condition) => !has(condition, 'clinicalStatus') || !hasCoding(condition.verificationStatus, VERIFICATION, ['entered-in-error']),
  'ctm-1': (participant, root) => !has(participant, 'onBehalfOf') || mayBePractitioner(participant.member, root),
  'grp-1': (group) => !has(group, 'member') || group.actual === true,
  'inv-1': (task) => mayPrecede(task.authoredOn, task.lastModified),
  'lst-1': (list) => !has(list, 'emptyReason') || !has(list, 'entry'),
  'lst-2': (list) => list.mode === 'changes' || !items(list.entry).some((entry) => has(entry, 'deleted')),
  'lst-3': (list) => list.mode === 'working' || !items(list.entry).some((entry) => has(entry, 'date')),
  'obs-3': anyOf('low', 'high', 'text'),
  'obs-6': (observation) => !has(observation, 'dataAbsentReason') || !hasChoice(observation, 'value'),
  'obs-7': (observation) => !has(observation, 'component') || !hasChoice(observation, 'value') || !repeatsCode(observation),
  'org-1': anyOf('identifier', 'name'),
  'org-2': notAtHome,
  'org-3': notAtHome,
  'pat-1': anyOf('name', 'telecom', 'address', 'organization'),
  'ppc-1': anyOf('policy', 'policyRule'),
  'ppc-2': patientUnless('patient-privacy'),
  'ppc-3': patientUnless('research'),
  'ppc-4': patientUnless('adr'),
  'ppc-5': patientUnless('treatment'),
  'prr-1': (request) => !has(request, 'orderDetail') || has(request, 'code'),
  'qrs-1': (item) => !has(item, 'answer') || !has(item, 'item'),
};

/** What a reference leads to, as far as its text or a contained resource tells: one that cannot be followed breaks no rule. */
function mayBePractitioner(member: unknown, root: Element): boolean {
  const text = isElement(member) && typeof member.reference === 'string' ? member.reference : '';
  const type = text.startsWith('#') ? localTarget(root, text)?.resourceType : referencedType(text);
  return type === undefined || type === 'Practitioner';
}

/** Whether a component has a coding that the observation's own code has, equal in all its elements. */
function repeatsCode(observation: Element): boolean {
  const own = new Set(codingsOf(observation));
  return items(observation.component).some((component) => codingsOf(component).some((coding) => own.has(coding)));
}

const codingsOf = (element: Element): string[] =>
  isElement(element.code) ? items(element.code.coding).map((coding) => JSON.stringify(Object.entries(coding).sort())) : [];
