// Which of several names, contact points, addresses, identifiers or roles of one person is meant: the one rule for vendors' shapes and for orders.
// `use` modifies what an element means: https://hl7.org/fhir/R4/datatypes.html#HumanName, #ContactPoint, #Address, #Identifier.
// docs/decisions/0019-current-names-and-addresses.md
import { dateRange } from './date-range.ts';

/** Type → its uses, best first; the types and uses that are not named follow in the order of FHIR_ORDER. */
export type Preference = Readonly<Record<string, readonly string[]>>;

/** In an order of uses: the elements that have none. Those are current and permanent. */
export const NO_USE = 'none';

/** `old` is not in any order: such an element is never meant. */
const FHIR_ORDER: Preference = {
  HumanName: ['official', 'usual', NO_USE, 'nickname', 'temp', 'anonymous', 'maiden'],
  ContactPoint: ['mobile', 'home', NO_USE, 'work', 'temp'],
  Address: ['home', NO_USE, 'work', 'temp', 'billing'],
  Identifier: ['usual', 'official', NO_USE, 'secondary', 'temp'],
};

/** The types of which one of several is preferred. */
export const PREFERRED_TYPES: readonly string[] = Object.keys(FHIR_ORDER);

/** Types whose `period` is the time in which the element, or the resource, is in force. */
const IN_FORCE: readonly string[] = [...PREFERRED_TYPES, 'PractitionerRole'];

/** Whether elements of this type may be over: by their use or by their period. */
export const mayBeOver = (type: string): boolean => IN_FORCE.includes(type);

interface Marked {
  use?: unknown;
  rank?: unknown;
  type?: unknown;
  period?: { start?: unknown; end?: unknown };
}

/** Whether an element is marked as one of former times. */
export const isOld = (element: unknown): boolean => (element as Marked | null | undefined)?.use === 'old';

/**
 * Whether a time is in the period of an element: bounds are inclusive, and as wide as they are written; times without a zone are UTC. `now`: ISO 8601 in UTC.
 * https://hl7.org/fhir/R4/datatypes.html#Period
 */
export function isInForce(element: unknown, now: string): boolean {
  const { period } = (element ?? {}) as Marked;
  if (typeof period !== 'object' || period === null) return true;
  const { start, end } = period;
  const from = typeof start === 'string' ? dateRange(start)?.from : undefined;
  const to = typeof end === 'string' ? dateRange(end)?.to : undefined;
  return (from === undefined || from <= now) && (to === undefined || now < to);
}

type Comparison = (one: unknown, other: unknown) => number;

/** Compares elements of a type, the preferred one first: by use, then by rank; an address that is for letters only comes last. Undefined: the type has no order. */
export function preferenceOf(type: string, stated: Preference = {}): Comparison | undefined {
  if (!PREFERRED_TYPES.includes(type)) return undefined;
  const first = stated[type] ?? [];
  const uses = [...first, ...FHIR_ORDER[type]!.filter((use) => !first.includes(use))];
  const placeOf = ({ use = NO_USE }: Marked): number => (uses.includes(use as string) ? uses.indexOf(use as string) : uses.length);
  const rankOf = ({ rank }: Marked): number => (typeof rank === 'number' ? rank : Number.MAX_SAFE_INTEGER);
  const isPostal = (one: Marked): number => Number(type === 'Address' && one.type === 'postal');
  const keys = [isPostal, placeOf, rankOf];
  return (one, other) => keys.map((key) => key(one as Marked) - key(other as Marked)).find((difference) => difference !== 0) ?? 0;
}

/** The elements that are neither old nor outside of their period, the preferred one first. */
export function currentOf<T>(elements: readonly T[], type: string, now: string): T[] {
  return elements.filter((one) => !isOld(one) && isInForce(one, now)).toSorted(preferenceOf(type));
}
