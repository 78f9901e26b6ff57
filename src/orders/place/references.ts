// Resolves the references of a request: to a contained resource, or to a stored resource of the same tenant. https://hl7.org/fhir/R4/references.html

import { isObject, toList } from '../../fhir/json-values.ts';
import { normalizeReference, readReferenceType } from '../../fhir/reference.ts';
import { isResource, isServed, type Resource } from '../../fhir/types.ts';
import type { Context } from '../../interactions/context.ts';
import { parseExactBody } from '../../store/resources/resource-row.ts';
import { invalid, type ValidationResult } from './validation-result.ts';

export interface Reference {
  reference?: string;
}

/** The id of the contained Patient: a snapshot of the patient's data at order time. */
export const PATIENT_SNAPSHOT_ID = 'order-time-patient';

/** The current version of the referenced resource; its numbers keep their digits. Undefined: it is not on this server. */
export async function findReferenced(
  { store, caller, baseUrl }: Context,
  request: Resource,
  value: unknown,
): Promise<Resource | undefined> {
  const reference = isObject(value) ? value.reference : undefined;
  if (typeof reference !== 'string') return undefined;
  if (reference.startsWith('#')) return listContained(request).find(({ id }) => id === reference.slice(1));
  const [type, id] = normalizeReference(reference, baseUrl)?.split('/') ?? [];
  if (type === undefined || id === undefined || !isServed(type)) return undefined;
  const row = await store.read(caller.tenant, type, id);
  return row?.body ? parseExactBody(row.body) : undefined;
}

const VERSION_SUFFIX = /\/_history\/([^/]+)$/;

/** The referenced resource. Invalid if it does not exist, is not in the referenced version, or has a modifier element. */
export async function readReferenced(
  context: Context,
  request: Resource,
  { path, reference, what }: { path: string; reference: Reference; what: string },
): Promise<ValidationResult<Resource>> {
  const found = await findReferenced(context, request, reference);
  if (!found) return invalid(`${what} does not exist`, path);
  const [, version] = VERSION_SUFFIX.exec(reference.reference ?? '') ?? [];
  if (version !== undefined && version !== found.meta?.versionId)
    return invalid(`${what} refers to a version that is not the current one: refer to the current version, or leave the version out`, path);
  const altering = findModifierElement(found);
  if (altering === undefined) return { value: found };
  return invalid(`${what} has ${altering}, which may change its meaning and is not supported: refer to a resource without it`, path);
}

/** The referenced resource, which must have one of these types and be about the patient. `types`: each with its element for the patient. */
export async function readAboutPatient(
  context: Context,
  request: Resource,
  {
    patientId,
    types,
    typeText,
    ...referenced
  }: { path: string; reference: Reference; what: string; patientId: string; types: Record<string, string>; typeText: string },
): Promise<ValidationResult<Resource>> {
  const { path, reference, what } = referenced;
  const result = await readReferenced(context, request, referenced);
  if (!('value' in result)) return result;
  const { resourceType } = result.value;
  const element = new Map(Object.entries(types)).get(resourceType);
  if (element === undefined) return invalid(typeText, path);
  if (isAboutPatient(context, result.value[element], { patientId, reference })) return result;
  return invalid(`${what} must be about its patient`, path, `${resourceType}.${element}`);
}

/** Software that does not know these elements must not process the resource. https://hl7.org/fhir/R4/extensibility.html#modifierExtension */
const MODIFIER_ELEMENTS = ['modifierExtension', 'implicitRules'];

/** Searches at any depth. */
function findModifierElement(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  return MODIFIER_ELEMENTS.find((name) => Object.hasOwn(value, name)) ?? Object.values(value).map(findModifierElement).find(Boolean);
}

/** The type of the referenced resource. For a contained resource its own type counts, not the type in the reference. */
export const findReferencedType = (request: Resource, reference: Reference): string | undefined =>
  reference.reference?.startsWith('#')
    ? listContained(request).find(({ id }) => id === reference.reference!.slice(1))?.resourceType
    : readReferenceType(reference);

export const listContained = ({ contained }: Resource): Resource[] => toList(contained).filter(isResource);

/** The references of a repeating element, each with its path. */
export const listReferences = (request: Resource, element: string): [path: string, reference: Reference][] =>
  toList(request[element]).flatMap((reference, at) => (isReference(reference) ? [[`ServiceRequest.${element}[${at}]`, reference]] : []));

const isReference = (value: unknown): value is Reference =>
  isObject(value) && (value.reference === undefined || typeof value.reference === 'string');

interface PatientReference {
  patientId: string;
  /** The reference from the request to the resource. */
  reference: Reference;
}

/** Whether the subject of a resource (`subject`) is this patient. A contained resource without a subject is about the patient of the request. */
export function isAboutPatient(
  { baseUrl }: Pick<Context, 'baseUrl'>,
  subject: unknown,
  { patientId, reference }: PatientReference,
): boolean {
  const isInside = reference.reference?.startsWith('#') === true;
  if (subject === undefined) return isInside;
  const name = isObject(subject) && typeof subject.reference === 'string' ? subject.reference : '';
  return (isInside && name === `#${PATIENT_SNAPSHOT_ID}`) || normalizeReference(name, baseUrl) === `Patient/${patientId}`;
}
