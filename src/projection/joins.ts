// Resources that a shape shows beside its own: one search for a whole page, shared out by the references that say whose they are.
import { compilePath } from '../fhir/path/path.ts';
import { referenceTarget } from '../fhir/reference-target.ts';
import { isServed, type Resource, type ServedType } from '../fhir/types.ts';
import type { Join, Touch } from './shape.ts';
import type { JoinSpec, MappingSpec } from './spec.ts';

/** `with:` of a mapping. */
export const joinsOf = ({ with: joined = {} }: MappingSpec): Join[] => Object.entries(joined).map(([name, spec]) => joinOf(name, spec));

function joinOf(name: string, { search, on }: JoinSpec): Join {
  const path = compilePath(on, { type: typeOf(search) });
  return {
    name,
    search: (ids) =>
      search.replace(/=([^&=]*\{id\}[^&]*)/, (_, value: string) => `=${ids.map((id) => value.replace('{id}', id)).join(',')}`),
    shared(answer, baseUrl) {
      const ownersOf = (one: Resource): Set<unknown> =>
        new Set(path.get(one).map((reference) => referenceTarget(String(reference), baseUrl)));
      const byOwner = Map.groupBy(
        answer.flatMap((one) => [...ownersOf(one)].map((owner) => ({ owner, one }))),
        ({ owner }) => owner,
      );
      return ({ resourceType, id }) => (byOwner.get(`${resourceType}/${id}`) ?? []).map(({ one }) => one);
    },
  };
}

const typeOf = (search: string): string => search.slice(0, search.indexOf('?'));

/** What the joins of a mapping that are marked `leaving: touches` ask of the roof. */
export function touchesOf({ resource, with: joined = {} }: MappingSpec): Touch[] {
  return Object.values(joined).flatMap(({ search, on, leaving }) => {
    const type = typeOf(search);
    return leaving === 'touches' && isServed(type) ? [touchOf(type, on, resource as ServedType)] : [];
  });
}

function touchOf(type: ServedType, on: string, resource: ServedType): Touch {
  const path = compilePath(on, { type });
  const owners = (one: Resource | undefined, baseUrl: string): string[] =>
    (one ? path.get(one) : []).flatMap((reference) => {
      const [owner, id] = referenceTarget(String(reference), baseUrl)?.split('/') ?? [];
      return owner === resource && id !== undefined ? [id] : [];
    });
  return {
    on: type,
    left(previous, next, baseUrl) {
      const kept = owners(next, baseUrl);
      return owners(previous, baseUrl)
        .filter((id) => !kept.includes(id))
        .map((id) => ({ type: resource, id }));
    },
  };
}
