// Values that follow from other fields (`follows:`), checked at start: there is such a rule, its parts are fields, and the item is not changed afterwards.
import { amongThese } from '../../fhir/closest-name.ts';
import { FOLLOWINGS } from '../lens/followings.ts';
import type { Lens } from '../lens/lens.ts';
import type { MappingSpec } from '../spec.ts';
import type { Fault } from './check-lens.ts';

export function checkFollows(lens: Lens, { interactions }: MappingSpec, fault: Fault): void {
  const fields = lens.fields.map(({ name }) => name);
  for (const { spec, at } of [...lens.leaves, ...lens.lists.flatMap(({ leaves }) => leaves)]) {
    if (!spec.follows) continue;
    const keys = [...at.flatMap((name) => ['fields', name]), 'follows'];
    const { as, ...parts } = spec.follows;
    const rule = Object.hasOwn(FOLLOWINGS, as) ? FOLLOWINGS[as] : undefined;
    const wrong = rule && (rule.names.find((part) => !(part in parts)) ?? Object.keys(parts).find((part) => !rule.names.includes(part)));
    const unknown = Object.values(parts).find((name) => !fields.includes(name));
    const problems = [
      !rule && `nothing follows as ${as}${amongThese(as, Object.keys(FOLLOWINGS))}`,
      wrong && `${as} has the parts ${rule.names.join(', ')}: ${wrong} is missing, or none of them`,
      unknown && `there is no field ${unknown}${amongThese(unknown, fields)}`,
      at.length > 1 && 'it is for a field that is not in an object',
      !spec.readOnly && 'what follows is asked of nobody: the field must be readOnly',
      interactions.some((one) => one === 'update' || one === 'replace' || one === 'perform') &&
        'it is worked out when an item is made: items that are changed would keep what no longer follows',
    ];
    for (const problem of problems) if (problem) fault(keys, new Error(problem));
  }
}
