// Where a Patient says what an order needs, best place first: of several names, addresses and numbers, the one to use. Each with its path, for error messages.
// Which one is meant is fhir/current.ts, as it is at the vendors' doors. https://hl7.org/fhir/R4/patient.html
import { isInForce, isOld, preferenceOf } from '../../fhir/current.ts';
import type { Resource } from '../../fhir/types.ts';

/** A value as found: its path in the Patient, and what it says. */
export type Found = [path: string, text: string];

type Part = Record<string, unknown>;
type Placed = [path: string, part: Part];

/** The current members of a repeating element with their paths, the preferred one first. */
function placed(patient: Resource, element: keyof typeof TYPES, now: string): Placed[] {
  const members = (Array.isArray(patient[element]) ? (patient[element] as Part[]) : []).map(
    (part, at): Placed => [`${element}[${at}]`, part],
  );
  const order = preferenceOf(TYPES[element])!;
  return members.filter(([, part]) => !isOld(part) && isInForce(part, now)).toSorted(([, one], [, other]) => order(one, other));
}

const TYPES = { name: 'HumanName', address: 'Address', telecom: 'ContactPoint' };

/** Whether a person has a current name at all. */
export const hasName = (patient: Resource, now: string): boolean => placed(patient, 'name', now).length > 0;

/** A part of the preferred name that has a family name. */
export function named(patient: Resource, path: 'family' | 'given[0]', now: string): Found[] {
  const whole = placed(patient, 'name', now).find(([, name]) => typeof name.family === 'string');
  return whole ? valueAt(whole, path) : [];
}

/** The preferred address that is not for letters only: a sample is collected there. */
export const homeOf = (patient: Resource, now: string): Placed | undefined =>
  placed(patient, 'address', now).find(([, address]) => address.type !== 'postal');

/** A part of that address. */
export function located(patient: Resource, path: string, now: string): Found[] {
  const home = homeOf(patient, now);
  return home ? valueAt(home, path) : [];
}

/** The values of all current contact points of a system, the preferred one first. */
export const reachable = (patient: Resource, system: string, now: string): Found[] =>
  placed(patient, 'telecom', now)
    .filter(([, point]) => point.system === system)
    .flatMap((point) => valueAt(point, 'value'));

/** `given[0]` is the first of a list. */
function valueAt([at, part]: Placed, path: string): Found[] {
  const value = path.endsWith('[0]') ? (part[path.slice(0, -3)] as unknown[] | undefined)?.[0] : part[path];
  return typeof value === 'string' ? [[`${at}.${path}`, value]] : [];
}
