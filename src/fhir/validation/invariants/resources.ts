// The error-level constraints of the served resource types and of contained resources, by key.
// https://hl7.org/fhir/R4/resourcelist.html (tab "Constraints" of each type), https://hl7.org/fhir/R4/references.html#contained

import { type Element, isElement, listObjects } from '../../json-values.ts';
import { findContainedResource, readReferenceType } from '../../reference.ts';
import { hasChoiceElement, hasCoding, hasElement, type InvariantPredicate, mayPrecede } from './element.ts';

const CLINICAL = 'http://terminology.hl7.org/CodeSystem/condition-clinical';
const VERIFICATION = 'http://terminology.hl7.org/CodeSystem/condition-ver-status';

const requireAny =
  (...names: string[]): InvariantPredicate =>
  (element) =>
    names.some((name) => hasElement(element, name));

/** `something` is the system that R4's own expression of the constraint uses. */
const requirePatientForScope =
  (scope: string): InvariantPredicate =>
  (consent) =>
    hasElement(consent, 'patient') || !hasCoding(consent.scope, 'something', [scope]);

const isNotHomeUse: InvariantPredicate = (contact) => contact.use !== 'home';

const readContained = (resource: Element): Element[] => listObjects(resource.contained);

const buildMetaPredicate =
  (names: string[]): InvariantPredicate =>
  (resource) =>
    readContained(resource).every(({ meta }) => !isElement(meta) || !names.some((name) => hasElement(meta, name)));

/** Key → predicate. Its argument is the element that has the constraint: for dom-2 … dom-5 a resource, for ref-1 a reference. */
export const RESOURCE_INVARIANTS: Record<string, InvariantPredicate> = {
  'dom-2': (resource) => readContained(resource).every((inner) => !hasElement(inner, 'contained')),
  'dom-3': (resource) => !hasElement(resource, 'contained') || areContainedReferenced(resource),
  'dom-4': buildMetaPredicate(['versionId', 'lastUpdated']),
  'dom-5': buildMetaPredicate(['security']),
  'ref-1': (reference, root) => !isLocalReference(reference.reference) || findContainedResource(root, reference.reference) !== undefined,
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
  'lst-2': (list) => list.mode === 'changes' || !listObjects(list.entry).some((entry) => hasElement(entry, 'deleted')),
  'lst-3': (list) => list.mode === 'working' || !listObjects(list.entry).some((entry) => hasElement(entry, 'date')),
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

/** Whether a reference may have a Practitioner as its target. The type of the target is unknown if neither the text nor a contained resource tells it. */
function mayBePractitioner(member: unknown, root: Element): boolean {
  const text = isElement(member) && typeof member.reference === 'string' ? member.reference : '';
  const type = text.startsWith('#') ? findContainedResource(root, text)?.resourceType : readReferenceType(text);
  return type === undefined || type === 'Practitioner';
}

/** Whether a component has a coding of the observation's own code, equal in all elements. */
function hasComponentWithOwnCode(observation: Element): boolean {
  const own = new Set(listCodings(observation));
  return listObjects(observation.component).some((component) => listCodings(component).some((coding) => own.has(coding)));
}

const listCodings = (element: Element): string[] =>
  isElement(element.code) ? listObjects(element.code.coding).map((coding) => JSON.stringify(Object.entries(coding).sort())) : [];

const isLocalReference = (reference: unknown): reference is string => typeof reference === 'string' && reference.charCodeAt(0) === HASH;
const HASH = 35;

/**
 * Whether each contained resource is the target of a reference, or refers to the containing resource. Any text `#id` counts as a reference, because the JSON
 * of an unserved type does not tell which texts are canonical URLs.
 */
function areContainedReferenced(resource: Element): boolean {
  const texts = new Set(listLocalReferences(resource));
  return readContained(resource).every((inner) => texts.has(`#${inner.id}`) || listLocalReferences(inner).includes('#'));
}

/** All texts that begin with `#`. */
function listLocalReferences(value: unknown): string[] {
  if (isLocalReference(value)) return [value];
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(listLocalReferences) : [];
}
