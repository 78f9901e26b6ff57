// The parameters of the random search data. Each type has its own numbers for them, and texts of one are in rows of the others where these have them too.
import type { SharedTexts } from '../../src/fhir/indexing/shared-texts.ts';
import type { Condition, SortKey } from '../../src/fhir/search/query.ts';
import type { ServedType } from '../../src/fhir/types.ts';

export const TYPES: ServedType[] = ['Patient', 'Practitioner', 'ServiceRequest'];
export const PARAMETERS = [-2_000_000_000, 3, 2_000_000_000];

/** A parameter is of one type: no resource of another type has it. */
export const ownNumber = (type: ServedType, by: number): number => by + 1 + TYPES.indexOf(type);

/** A text of this parameter of a type's own is in a row of the type's other parameters where these have it too. */
export const SHARING = PARAMETERS[2]!;
export const sharedBy = (type: ServedType): SharedTexts => ({
  rows: PARAMETERS.slice(0, 2).map((by) => ownNumber(type, by)),
  bit: 8,
  isOrdered: type === TYPES[0],
});
/** A string parameter of a type's own. */
const ownText = (type: ServedType, by: number) => ({ parameter: ownNumber(type, by), ...(by === SHARING && { shared: sharedBy(type) }) });

/** The condition on a parameter of the type's own, where it is on one type's. */
export function ownCondition(of: ServedType, condition: Condition): Condition {
  if ((condition.on !== 'string' && condition.on !== 'reference') || condition.others) return condition;
  if (condition.on === 'reference') return { ...condition, parameter: ownNumber(of, condition.parameter) };
  const { parameter: own, shared } = ownText(of, condition.parameter);
  return { ...condition, parameter: own, ...(shared && { shared: [shared] }) };
}

export function ownKey(of: ServedType, key: Extract<SortKey, { parameter: number }>): SortKey {
  const { parameter: own, shared } = ownText(of, key.parameter);
  return { ...key, parameter: own, ...(key.by === 'string' && shared && !shared.isOrdered && { shared }) };
}
