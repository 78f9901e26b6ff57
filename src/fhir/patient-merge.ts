// What a merge makes of the two patients: links, the identifiers of the source, and its state. R4 has no such operation: the definition is that of R5.
// https://hl7.org/fhir/R5/patient-operation-merge.html, links: https://hl7.org/fhir/R4/patient.html#links
import type { Identifier, Patient, PatientLink } from '@medplum/fhirtypes';
import { businessRule } from './outcome.ts';
import { normalizeReference } from './reference.ts';
import type { Resource } from './types.ts';

/** A stored Patient. */
export type StoredPatient = Resource & Patient & { resourceType: 'Patient'; id: string };

const SOURCE = 'source-patient';
const TARGET = 'target-patient';

/** Whether the source was merged into the target before. Refuses (422) patients that cannot be merged because of their links or their state. */
export function isMerged(source: StoredPatient, target: StoredPatient, baseUrl: string): boolean {
  const linked = ({ link = [] }: StoredPatient, type: PatientLink['type']): (string | undefined)[] =>
    link.filter((member) => member.type === type).map((member) => normalizeReference(member.other?.reference ?? '', baseUrl));
  const [replacedSource, replacedTarget] = [linked(source, 'replaced-by'), linked(target, 'replaced-by')];
  if (replacedSource.includes(toName(target))) return true;
  if (replacedTarget.length)
    throw businessRule('the target patient was itself replaced: merge into the patient that its link replaced-by names', TARGET);
  if (replacedSource.length) throw businessRule('the source patient was merged into another patient before: merge that patient', SOURCE);
  if (linked(source, 'replaces').includes(toName(target)))
    throw businessRule('the source patient replaces the target patient: exchange source and target', SOURCE);
  if (target.active === false) throw businessRule('the target patient is not active: set active to true first', TARGET);
  return false;
}

const toName = ({ id }: StoredPatient): string => `Patient/${id}`;

/** The source after the merge: inactive, with a link to the target. */
export const buildMergedSource = (source: StoredPatient, target: StoredPatient, baseUrl: string): StoredPatient => ({
  ...source,
  active: false,
  link: [...listOtherLinks(source, target, baseUrl), { other: { reference: toName(target) }, type: 'replaced-by' }],
});

/**
 * The target after the merge: with a link to the source, and the identifiers of the source that it does not have, marked as old. "The server may also migrate
 * other identifiers at its discretion": all are copied, so that the target is found by them.
 */
export function buildMergedTarget(source: StoredPatient, target: StoredPatient, baseUrl: string): StoredPatient {
  const own = target.identifier ?? [];
  const copied = (source.identifier ?? []).filter((identifier) => !own.some((member) => isSameIdentifier(member, identifier)));
  const identifier = [...own, ...copied.map((member): Identifier => ({ ...member, use: 'old' }))];
  const link: PatientLink = { other: { reference: toName(source) }, type: 'replaces' };
  return { ...target, ...(identifier.length && { identifier }), link: [...listOtherLinks(target, source, baseUrl), link] };
}

const listOtherLinks = ({ link = [] }: StoredPatient, other: StoredPatient, baseUrl: string): PatientLink[] =>
  link.filter((member) => normalizeReference(member.other?.reference ?? '', baseUrl) !== toName(other));

export const isSameIdentifier = (a: Identifier, b: Identifier): boolean => a.system === b.system && a.value === b.value;

/** Refuses (422) a result that is not the target, or lacks its link to the source. "This resource MUST have the link property included referencing the source patient." */
export function checkResultPatient(result: Resource & Patient, source: StoredPatient, target: StoredPatient, baseUrl: string): void {
  if (result.id !== target.id) throw businessRule('result-patient must have the id of the target patient', 'result-patient.id');
  const replaces = (result.link ?? []).some(
    (member) => member.type === 'replaces' && normalizeReference(member.other?.reference ?? '', baseUrl) === toName(source),
  );
  if (!replaces) throw businessRule('result-patient needs a link of type replaces to the source patient', 'result-patient.link');
}
