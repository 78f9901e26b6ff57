// How the sample is taken, where the request says it: by our own extension, or by a code of ours among the places that it prefers. Without a word of it the
// method of the laboratory's test is meant. https://hl7.org/fhir/R4/servicerequest-definitions.html#ServiceRequest.locationCode
import type { Resource } from '../../fhir/types.ts';
import type { Systems } from '../systems.ts';
import { type Said, wrong } from './validation-result.ts';

export const METHODS = ['walk_in_test', 'at_home_phlebotomy', 'on_site_collection'] as const;
export type Method = (typeof METHODS)[number];

/** The network refuses it, unless it follows from the test. */
const KIT = 'testkit';

interface Place {
  coding?: { system?: string; code?: string }[];
}

/** Undefined: the test's own. */
export function collectionMethod(request: Resource, systems: Systems): Said<Method | undefined> {
  const methods = methodsIn(request, systems);
  const [method] = methods;
  if (methods.length > 1) return wrong('an order has one way of taking the sample', ...placesOf(request, systems));
  if (method !== undefined && isMethod(method)) return { says: method };
  if (method === KIT)
    return wrong('a kit is sent for a test that is one: order such a test, and leave this out', ...placesOf(request, systems));
  if (method !== undefined)
    return wrong(`the sample of an order is taken by ${METHODS.join(', ')}, or as its test has it`, ...placesOf(request, systems));
  const place = ['locationCode', 'locationReference'].find((element) => request[element] !== undefined);
  if (place === undefined) return { says: undefined };
  return wrong(
    `the laboratory network is not told of places: say how the sample is taken (the extension ${systems.collectionMethod})`,
    `ServiceRequest.${place}`,
  );
}

/** The extension's and those of the places; each once. */
export function methodsIn({ extension, locationCode }: Resource, systems: Systems): string[] {
  const own = ((extension ?? []) as { url: string; valueCode?: string }[]).filter(({ url }) => url === systems.collectionMethod);
  const codings = ((locationCode ?? []) as Place[]).flatMap(({ coding = [] }) => coding);
  const places = codings.flatMap(({ system, code }) => (system === systems.collectionMethods && code ? code : []));
  return [...new Set([...own.map(({ valueCode = '' }) => valueCode), ...places])];
}

const isMethod = (text: string): text is Method => (METHODS as readonly string[]).includes(text);

const placesOf = ({ extension }: Resource, { collectionMethod: url }: Systems): string[] =>
  ((extension ?? []) as { url: string }[]).some((one) => one.url === url)
    ? [`ServiceRequest.extension.where(url='${url}')`]
    : ['ServiceRequest.locationCode'];
