// A resource whose type is known: generic code takes it as a Resource, other code reads its elements by the types of `@medplum/fhirtypes`.
import type { ExtractResource, ResourceType } from '@medplum/fhirtypes';
import type { Resource } from './types.ts';

type TypedResource<T extends ResourceType> = Resource & ExtractResource<T>;

/** Narrows a resource that was validated when it was stored. Throws if its type is another one. */
export function toTyped<T extends ResourceType>(type: T, resource: Resource): TypedResource<T> {
  if (!hasType(type, resource)) throw new Error(`expected a ${type} and not a ${resource.resourceType}`);
  return resource;
}

const hasType = <T extends ResourceType>(type: T, resource: Resource): resource is TypedResource<T> => resource.resourceType === type;

/** The resource in a stored row. Undefined: there is no row, or the resource was deleted. */
export const parseStored = <T extends ResourceType>(type: T, row: { body: string | null } | undefined): TypedResource<T> | undefined =>
  row?.body ? toTyped(type, JSON.parse(row.body)) : undefined;
