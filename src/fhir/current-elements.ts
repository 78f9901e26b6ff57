// Chooses among several names, contact points, addresses, identifiers or roles of a person, for vendors' shapes and for orders.
// The meaning of `use`: https://hl7.org/fhir/R4/datatypes.html#HumanName, #ContactPoint, #Address, #Identifier.
// docs/decisions/0019-current-names-and-addresses.md

import { parseDateRange } from './date-range.ts';
import { isObject, readMember } from './json-values.ts';

/** Type → its uses, the preferred one first. Other types and uses follow in the default order. */
export type UsePreference = Readonly<Record<string, readonly string[]>>;

/** In an order of uses: the elements without a use, which are current and permanent. */
export const WITHOUT_USE = 'none';

/** Elements with the use `old` are never chosen. */
const DEFAULT_USE_ORDER: UsePreference = {
  HumanName: ['official', 'usual', WITHOUT_USE, 'nickname', 'temp', 'anonymous', 'maiden'],
  ContactPoint: ['mobile', 'home', WITHOUT_USE, 'work', 'temp'],
  Address: ['home', WITHOUT_USE, 'work', 'temp', 'billing'],
  Identifier: ['usual', 'official', WITHOUT_USE, 'secondary', 'temp'],
};

/** The types with an order of preference. */
export const PREFERRED_TYPES: readonly string[] = Object.keys(DEFAULT_USE_ORDER);

/** Types whose `period` is the time in which the element or resource is valid. */
const TYPES_WITH_PERIOD: readonly string[] = [...PREFERRED_TYPES, 'PractitionerRole'];

/** Whether elements of this type can cease to be current, by their use or their period. */
export const hasValidityPeriod = (type: string): boolean => TYPES_WITH_PERIOD.includes(type);

interface DatedElement {
  use?: unknown;
  rank?: unknown;
  type?: unknown;
  period?: { start?: unknown; end?: unknown };
}

/** Whether an element has the use `old`. */
export const isOld = (element: unknown): boolean => readMember(element, 'use') === 'old';

/**
 * Whether a time is in the period of an element. The bounds are inclusive with their precision, and times without a zone are UTC. `now`: ISO 8601 in UTC.
 * https://hl7.org/fhir/R4/datatypes.html#Period
 */
export function isInPeriod(element: unknown, now: string): boolean {
  const period = readMember(element, 'period');
  if (!isObject(period)) return true;
  const { start, end } = period;
  const from = typeof start === 'string' ? parseDateRange(start)?.from : undefined;
  const to = typeof end === 'string' ? parseDateRange(end)?.to : undefined;
  return (from === undefined || from <= now) && (to === undefined || now < to);
}

type ElementComparator = (one: unknown, other: unknown) => number;

/** Compares elements of a type, the preferred one first: by use, then by rank. Postal-only addresses come last. Undefined: the type has no order. */
export function buildPreferenceComparator(type: string, stated: UsePreference = {}): ElementComparator | undefined {
  if (!PREFERRED_TYPES.includes(type)) return undefined;
  const first = stated[type] ?? [];
  const uses = [...first, ...DEFAULT_USE_ORDER[type]!.filter((use) => !first.includes(use))];
  const readUseOrder = ({ use = WITHOUT_USE }: DatedElement): number =>
    typeof use === 'string' && uses.includes(use) ? uses.indexOf(use) : uses.length;
  const readRank = ({ rank }: DatedElement): number => (typeof rank === 'number' ? rank : Number.MAX_SAFE_INTEGER);
  const isPostal = (element: DatedElement): number => Number(type === 'Address' && element.type === 'postal');
  const keys = [isPostal, readUseOrder, readRank];
  // the assertions: all members of a DatedElement are unknown, and elements of these types are objects
  return (one, other) => {
    for (const key of keys) {
      const difference = key(one as DatedElement) - key(other as DatedElement);
      if (difference !== 0) return difference;
    }
    return 0;
  };
}

/** The elements that are not old and are in their period, the preferred one first. */
export function findCurrentElements<T>(elements: readonly T[], type: string, now: string): T[] {
  return elements.filter((element) => !isOld(element) && isInPeriod(element, now)).toSorted(buildPreferenceComparator(type));
}
