// Where a Patient says what an order needs, best place first: of several names, addresses and numbers, the one to use. Each with its path, for error messages.
// https://hl7.org/fhir/R4/patient.html
import type { Resource } from '../../fhir/types.ts';

/** A value as found: its path in the Patient, and what it says. */
export type Found = [path: string, text: string];

type Part = Record<string, unknown>;
type Placed = [path: string, part: Part];

/** The members of a repeating element with their paths. */
export const placed = (patient: Resource, element: string): Placed[] =>
  (Array.isArray(patient[element]) ? (patient[element] as Part[]) : []).map((part, at) => [`${element}[${at}]`, part]);

/** Earlier is better; what is not in the list comes last. */
const ranked = (parts: Placed[], uses: string[]): Placed[] => {
  const rank = ([, part]: Placed) => (uses.includes(part.use as string) ? uses.indexOf(part.use as string) : uses.length);
  return parts.filter(([, part]) => part.use !== 'old').toSorted((a, b) => rank(a) - rank(b));
};

/** The official name, else the usual one, else the first that has a family name. */
export function named(patient: Resource, path: 'family' | 'given[0]'): Found[] {
  const whole = placed(patient, 'name').filter(([, name]) => typeof name.family === 'string');
  return ranked(whole, ['official', 'usual'])
    .slice(0, 1)
    .flatMap((name) => valueAt(name, path));
}

/** The home address, else the first that is not for letters only. */
export function homeOf(patient: Resource): Placed | undefined {
  return ranked(
    placed(patient, 'address').filter(([, address]) => address.type !== 'postal'),
    ['home'],
  )[0];
}

/** A part of the home address. */
export const located = (patient: Resource, path: string): Found[] => {
  const home = homeOf(patient);
  return home ? valueAt(home, path) : [];
};

/** Mobile numbers first, then by rank. https://hl7.org/fhir/R4/datatypes.html#ContactPoint */
export function reachable(patient: Resource, system: string): Found[] {
  const points = placed(patient, 'telecom').filter(([, point]) => point.system === system);
  const rank = ([, point]: Placed) => (typeof point.rank === 'number' ? point.rank : Number.POSITIVE_INFINITY);
  const byRank = points.toSorted((a, b) => (rank(a) === rank(b) ? 0 : rank(a) - rank(b)));
  return ranked(byRank, ['mobile']).flatMap((point) => valueAt(point, 'value'));
}

/** `given[0]` is the first of a list. */
function valueAt([at, part]: Placed, path: string): Found[] {
  const value = path.endsWith('[0]') ? (part[path.slice(0, -3)] as unknown[] | undefined)?.[0] : part[path];
  return typeof value === 'string' ? [[`${at}.${path}`, value]] : [];
}
