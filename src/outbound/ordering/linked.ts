// What a request's references lead to: a resource contained in it, or one that its own tenant has stored. https://hl7.org/fhir/R4/references.html
import { parseExact } from '../../fhir/json.ts';
import { referenceTarget } from '../../fhir/reference-target.ts';
import { isServed, type Resource } from '../../fhir/types.ts';
import type { Context } from '../../resource/context.ts';

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

export const containedIn = ({ contained }: Resource): Resource[] => (contained ?? []) as Resource[];

/** The references of an element that repeats, each with its path. */
export const referencesIn = (request: Resource, element: string): [path: string, reference: Reference][] =>
  ((request[element] ?? []) as Reference[]).map((reference, at) => [`ServiceRequest.${element}[${at}]`, reference]);

/** Whether what a resource says it is about is this patient; one that says nothing is about whom its request is about. */
export function isAbout({ baseUrl }: Pick<Context, 'baseUrl'>, whom: unknown, patientId: string): boolean {
  if (whom === undefined) return true;
  const { reference = '' } = whom as Reference;
  return reference === `#${SNAPSHOT}` || referenceTarget(reference, baseUrl) === `Patient/${patientId}`;
}
