// What is shown beside the resources of a page: one search per join for all of them, however many; those that lead on from others after them.

import type { Resource } from '../../fhir/types.ts';
import type { PathVariables } from '../../fhir/writable-path/path.ts';
import { groupJoinRounds } from '../../mapping/query/joins.ts';
import type { Join } from '../../mapping/shape.ts';

/** For each resource what is joined to it, by name. `find`: all that a FHIR search finds. */
export async function loadJoins(
  resources: Resource[],
  joins: Join[],
  { find, baseUrl }: { find(search: string): Promise<Resource[]>; baseUrl: string },
): Promise<PathVariables[]> {
  let known: PathVariables[] = resources.map(() => ({}));
  for (const round of groupJoinRounds(joins)) {
    const shares = await Promise.all(
      round.map(async ({ name, readIds, buildSearch, distribute }) => {
        const asked = [...new Set(resources.flatMap((one, at) => readIds(one, known[at]!, baseUrl)))];
        return { name, shareOf: distribute(asked.length ? await find(buildSearch(asked)) : [], baseUrl) };
      }),
    );
    known = known.map((one, at) => ({
      ...one,
      ...Object.fromEntries(shares.map(({ name, shareOf }) => [name, shareOf(resources[at]!, one)])),
    }));
  }
  return known;
}
