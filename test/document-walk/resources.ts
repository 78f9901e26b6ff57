// The resources that a walk finds: those of the examples of all mappings, and one of each type, under the ids that the documents name.

import { SERVED_TYPES } from '../../src/fhir/types.ts';
import { FHIR_EXAMPLES } from '../../src/http/openapi/fhir-examples.ts';
import { examplesOf, world } from '../mapping/examples.ts';

export interface StoredExample {
  resourceType: string;
  id: string;
  [element: string]: unknown;
}

/** In the texts of every marked copy, and in no other resource and no request of a walk. */
export const SECRET = 'Zanzibar';

const smallest = (type: string, id: string): StoredExample => ({ ...(FHIR_EXAMPLES[`${type}.stored`]!.value as StoredExample), id });

/** One of each id. The first one wins. */
export function listExampleResources(): StoredExample[] {
  const examples = world.shapes.flatMap((loaded) => {
    const { referenceRules } = loaded.shape;
    return examplesOf(loaded).flatMap(({ stored, resource, assigned, env = {}, accepts, request }) => [
      stored,
      resource && { ...resource, ...(assigned && { id: assigned.id }) },
      ...Object.values(env).flat(),
      ...(accepts?.yes ?? []),
      ...(request ? referenceRules.flatMap(({ readReferences }) => readReferences(request)).map(({ type, id }) => smallest(type, id)) : []),
    ]);
  });
  const whole = [...examples.filter(isStorable), ...SERVED_TYPES.map((type) => smallest(type, 'example'))];
  const referenced = whole.flatMap((resource) =>
    [...JSON.stringify(resource).matchAll(/"reference":"([A-Z]\w+)\/([\w.-]{1,64})"/g)].map(([, type, id]) => ({ type: type!, id: id! })),
  );
  const all = [
    ...whole,
    ...referenced.filter(({ type }) => SERVED_TYPES.includes(type as never)).map(({ type, id }) => smallest(type, id)),
  ];
  return [...new Map(all.toReversed().map((one) => [`${one.resourceType}/${one.id}`, one])).values()].toReversed();
}

const isStorable = (value: unknown): value is StoredExample => {
  const { resourceType, id } = (value ?? {}) as Partial<StoredExample>;
  return SERVED_TYPES.includes(resourceType as never) && typeof id === 'string' && /^[\w.-]{1,64}$/.test(id);
};

/** What a resource of this type must have beside its own elements. */
export const complete = (resource: StoredExample): StoredExample => ({ ...smallest(resource.resourceType, resource.id), ...resource });

/** Copies with other ids, whose texts are the marker. */
export const markCopies = (resources: StoredExample[]): StoredExample[] =>
  resources.map((one) => ({ ...(markTexts(one) as StoredExample), id: toCopyId(one.id) }));

const toCopyId = (id: string): string => (/^[0-9a-f-]{36}$/.test(id) ? `f${id.slice(1)}` : `${id.slice(0, 60)}.f`);

const MARKED = /^(text|family|display|description|title|conclusion|city|name|comment)$/;

function markTexts(value: unknown, key = ''): unknown {
  if (typeof value === 'string') return MARKED.test(key) ? SECRET : value;
  if (Array.isArray(value)) return value.map((one) => markTexts(one));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inside]) => [name, markTexts(inside, name)]));
}
