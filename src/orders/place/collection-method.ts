// The collection method of a request: from the extension, or from `locationCode`. A request without one is collected by the default method of its test.
// https://hl7.org/fhir/R4/servicerequest-definitions.html#ServiceRequest.locationCode

import { isObject, toList } from '../../fhir/json-values.ts';
import { toTyped } from '../../fhir/typed-resource.ts';
import type { Resource } from '../../fhir/types.ts';
import type { Systems } from '../systems.ts';
import { invalid, type ValidationResult } from './validation-result.ts';

export const COLLECTION_METHODS = ['walk_in_test', 'at_home_phlebotomy', 'on_site_collection'] as const;
export type CollectionMethod = (typeof COLLECTION_METHODS)[number];

/** The lab network refuses this method in an order: it is used only by tests that are test kits. */
const TEST_KIT = 'testkit';

/** Undefined: the default method of the test. */
export function readCollectionMethod(request: Resource, systems: Systems): ValidationResult<CollectionMethod | undefined> {
  const methods = findCollectionMethods(request, systems);
  const [method] = methods;
  if (methods.length > 1) return invalid('an order can have only one collection method', ...findMethodPaths(request, systems));
  if (method !== undefined && isCollectionMethod(method)) return { value: method };
  if (method === TEST_KIT)
    return invalid(
      'the collection method testkit cannot be ordered: order a test that is a test kit, and leave the method out',
      ...findMethodPaths(request, systems),
    );
  if (method !== undefined)
    return invalid(
      `the collection method of an order must be ${COLLECTION_METHODS.join(', ')}: leave it out for the default of the test`,
      ...findMethodPaths(request, systems),
    );
  const place = ['locationCode', 'locationReference'].find((element) => request[element] !== undefined);
  if (place === undefined) return { value: undefined };
  return invalid(
    `a location cannot be sent to the laboratory network: state how the sample is taken (extension ${systems.collectionMethod})`,
    `ServiceRequest.${place}`,
  );
}

/** The methods of the extension and of `locationCode`, without duplicates. */
export function findCollectionMethods(request: Resource, systems: Systems): string[] {
  const { extension = [], locationCode = [] } = toTyped('ServiceRequest', request);
  const own = extension.filter(({ url }) => url === systems.collectionMethod);
  const codings = locationCode.flatMap(({ coding = [] }) => coding);
  const places = codings.flatMap(({ system, code }) => (system === systems.collectionMethods && code ? code : []));
  return [...new Set([...own.map(({ valueCode = '' }) => valueCode), ...places])];
}

const isCollectionMethod = (text: string): text is CollectionMethod => COLLECTION_METHODS.some((method) => method === text);

const findMethodPaths = ({ extension }: Resource, { collectionMethod: url }: Systems): string[] =>
  toList(extension).some((one) => isObject(one) && one.url === url)
    ? [`ServiceRequest.extension.where(url='${url}')`]
    : ['ServiceRequest.locationCode'];
