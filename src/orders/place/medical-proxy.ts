// The parent or guardian of a patient under eighteen, whom the lab network needs for an order ("medical proxy"): the requester if it is one; otherwise a RelatedPerson of
// the patient; otherwise a contact of the patient. Of several no one is chosen, because custody decides who may consent.
// https://docs.junction.com/lab/workflow/order-requirements#minors, https://hl7.org/fhir/R4/valueset-relatedperson-relationshiptype.html
import type { CodeableConcept, PatientContact } from '@medplum/fhirtypes';
import { isInPeriod } from '../../fhir/current-elements.ts';
import { toTyped } from '../../fhir/typed-resource.ts';
import type { Resource } from '../../fhir/types.ts';
import { findMatches } from '../../interactions/conditional-match.ts';
import type { Context } from '../../interactions/context.ts';
import { asSystemActor } from '../system-actor.ts';
import { type ContactPerson, readContactPerson } from './contact-person.ts';
import type { PersonRole, PersonSource } from './person-facts.ts';
import { findReferenced, findReferencedType, isAboutPatient } from './references.ts';
import { invalid, type ValidationResult } from './validation-result.ts';

/** A person with a relationship to the patient. `reference` and `type` are those of PersonRole. */
interface Candidate extends Pick<PersonRole, 'reference' | 'type'> {
  person: Resource;
  relationship: CodeableConcept[];
}

interface ProxyContext {
  patientId: string;
  /** The Patient as a source of data, the preferred one first. */
  sources: PersonSource[];
}

export async function readMedicalProxy(
  context: Context,
  request: Resource,
  { patientId, sources }: ProxyContext,
): Promise<ValidationResult<ContactPerson>> {
  for (const candidates of [
    await listRequesters(context, request, patientId),
    await listRelatedPersons(context, patientId),
    listContacts(sources, context.clock().toISOString()),
  ]) {
    const guardians = findGuardians(candidates);
    if (guardians.length > 1) return invalid(SEVERAL_TEXT, ...BIRTH_DATE_PATHS);
    if (guardians.length === 1) return readProxy(guardians[0]!, context.clock().toISOString());
  }
  return invalid(MISSING_TEXT, ...BIRTH_DATE_PATHS);
}

const BIRTH_DATE_PATHS = ['ServiceRequest.subject', 'Patient.birthDate'];
const MISSING_TEXT =
  'an order for a patient under eighteen needs a parent or guardian: store a RelatedPerson of the patient, or a contact of the patient, with this relationship (v3-RoleCode GUARD, HPOWATT, PRN, MTH, FTH …)';
const SEVERAL_TEXT =
  'an order for a patient under eighteen needs one parent or guardian, and the patient has several: name one of them as the requester (RelatedPerson), or give one the relationship GUARD';

const ROLE_CODE_SYSTEM = 'http://terminology.hl7.org/CodeSystem/v3-RoleCode';
/** Persons who decide for the patient, before parents. */
const GUARDIAN_CODES = new Set(['GUARD', 'HPOWATT']);
/** Step-parents and foster parents are not among them: whether they may decide differs. */
const PARENT_CODES = new Set(['PRN', 'MTH', 'FTH', 'NPRN', 'NMTH', 'NFTH', 'ADOPTP', 'ADOPTM', 'ADOPTF']);

function findGuardians(candidates: Candidate[]): Candidate[] {
  const having = (codes: ReadonlySet<string>) => candidates.filter(({ relationship }) => hasCode(relationship, codes));
  const guardians = having(GUARDIAN_CODES);
  return guardians.length ? guardians : having(PARENT_CODES);
}

const hasCode = (relationship: CodeableConcept[], codes: ReadonlySet<string>): boolean =>
  relationship.some(({ coding = [] }) => coding.some(({ system, code }) => system === ROLE_CODE_SYSTEM && codes.has(code ?? '')));

async function listRequesters(context: Context, request: Resource, patientId: string): Promise<Candidate[]> {
  const { requester } = toTyped('ServiceRequest', request);
  if (!requester || findReferencedType(request, requester) !== 'RelatedPerson') return [];
  const person = await findReferenced(context, request, requester);
  if (person?.resourceType !== 'RelatedPerson' || !isAboutPatient(context, person.patient, { patientId, reference: requester })) return [];
  return toCandidates([person], 'ServiceRequest.requester', context.clock().toISOString());
}

/** The maximum number of RelatedPersons of a patient that are read. */
const MAX_PERSONS = 50;

async function listRelatedPersons(context: Context, patientId: string): Promise<Candidate[]> {
  const criteria = new URLSearchParams({ patient: `Patient/${patientId}` }).toString();
  // the caller may have no scope to read related persons
  const rows = await findMatches(asSystemActor(context), 'RelatedPerson', { criteria, count: MAX_PERSONS });
  const persons = rows.map(({ body }) => toTyped('RelatedPerson', JSON.parse(body!)));
  return toCandidates(persons, 'ServiceRequest.subject', context.clock().toISOString());
}

/** The RelatedPersons whose relationship exists now. */
const toCandidates = (persons: Resource[], reference: string, now: string): Candidate[] =>
  persons.flatMap((person) => {
    const { active, relationship = [] } = toTyped('RelatedPerson', person);
    return active === false || !isInPeriod(person, now) ? [] : [{ person, relationship, reference, type: 'RelatedPerson' }];
  });

/** The contacts of the first source that has any. */
function listContacts(sources: PersonSource[], now: string): Candidate[] {
  const contacts = sources.map(({ person }) => toTyped('Patient', person).contact ?? []).find(({ length }) => length) ?? [];
  return contacts
    .filter((contact) => isInPeriod(contact, now))
    .map(({ relationship = [], ...contact }) => ({
      person: toPerson(contact),
      relationship,
      reference: 'ServiceRequest.subject',
      type: 'Patient.contact',
    }));
}

/** A contact has the data of a RelatedPerson, but only one name and one address. */
const toPerson = ({ name, telecom, address }: PatientContact): Resource => ({
  resourceType: 'RelatedPerson',
  name: name && [name],
  telecom,
  address: address && [address],
});

const readProxy = ({ person, ...role }: Candidate, now: string): ValidationResult<ContactPerson> =>
  readContactPerson(person, { ...role, who: 'the parent or guardian' }, now);
