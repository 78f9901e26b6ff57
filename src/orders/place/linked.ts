// What a request's references lead to: a resource contained in it, or one that its own tenant has stored. https://hl7.org/fhir/R4/references.html
import { parseExact } from '../../fhir/json.ts';
import { referencedType, referenceTarget } from '../../fhir/reference-target.ts';
import { isServed, type Resource } from '../../fhir/types.ts';
import type { Context } from '../../interactions/context.ts';
import { type Said, wrong } from './validation-result.ts';

export interface Reference {
  reference?: string;
}

/** The id of the contained Patient that says who the patient was when the order was made. */
export const SNAPSHOT = 'order-time-patient';

/** Its present version, digits kept; undefined when it leads to nothing that is here. */
export async function linked({ store, caller, baseUrl }: Context, request: Resource, given: unknown): Promise<Resource | undefined> {
  const { reference } = (given ?? {}) as Reference;
  if (reference === undefined) return undefined;
  if (reference.startsWith('#')) return containedIn(request).find(({ id }) => id === reference.slice(1));
  const [type, id] = referenceTarget(reference, baseUrl)?.split('/') ?? [];
  if (type === undefined || id === undefined || !isServed(type)) return undefined;
  const row = await store.read(caller.tenant, type, id);
  return row?.body ? (parseExact(row.body) as Resource) : undefined;
}

const VERSION = /\/_history\/([^/]+)$/;

/** The same, to be told to the laboratory; or why it is not: nothing is there, it is another version than the one named, or may mean something else. */
export async function referred(
  context: Context,
  request: Resource,
  { path, reference, what }: { path: string; reference: Reference; what: string },
): Promise<Said<Resource>> {
  const found = await linked(context, request, reference);
  if (!found) return wrong(`${what} leads to nothing that exists`, path);
  const [, version] = VERSION.exec(reference.reference ?? '') ?? [];
  if (version !== undefined && version !== (found.meta as { versionId?: string } | undefined)?.versionId)
    return wrong(`${what} names another version than the present one: refer to that, or to the resource without a version`, path);
  const altering = alteringIn(found);
  if (altering === undefined) return { says: found };
  return wrong(`${what} has ${altering}, which may change what it means and is not known here: refer to one without`, path);
}

/** Whoever does not know these may not act on what they stand in. https://hl7.org/fhir/R4/extensibility.html#modifierExtension */
const ALTERING = ['modifierExtension', 'implicitRules'];

/** At any depth. */
function alteringIn(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  return ALTERING.find((name) => Object.hasOwn(value, name)) ?? Object.values(value).map(alteringIn).find(Boolean);
}

/** The type of what a reference leads to; of what is contained, as it is and not as the reference says. */
export const typeBehind = (request: Resource, given: Reference): string | undefined =>
  given.reference?.startsWith('#')
    ? containedIn(request).find(({ id }) => id === given.reference!.slice(1))?.resourceType
    : referencedType(given);

export const containedIn = ({ contained }: Resource): Resource[] => (contained ?? []) as Resource[];

/** The references of an element that repeats, each with its path. */
export const referencesIn = (request: Resource, element: string): [path: string, reference: Reference][] =>
  ((request[element] ?? []) as Reference[]).map((reference, at) => [`ServiceRequest.${element}[${at}]`, reference]);

interface Whose {
  patientId: string;
  /** What leads to it from the request. */
  reference: Reference;
}

/** Whether what a resource says it is about is this patient. One that is contained, and says nothing, is about whom its request is about. */
export function isAbout({ baseUrl }: Pick<Context, 'baseUrl'>, whom: unknown, { patientId, reference }: Whose): boolean {
  const isInside = reference.reference?.startsWith('#') === true;
  if (whom === undefined) return isInside;
  const { reference: name = '' } = whom as Reference;
  return (isInside && name === `#${SNAPSHOT}`) || referenceTarget(name, baseUrl) === `Patient/${patientId}`;
}
