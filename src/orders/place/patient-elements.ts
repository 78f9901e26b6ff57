// Selects the names, addresses and contact points of a Patient or Practitioner for an order, each with its path for error messages. The preference is that of
// fhir/current-elements.ts, as in the vendors' APIs. https://hl7.org/fhir/R4/patient.html

import { buildPreferenceComparator, isInPeriod, isOld } from '../../fhir/current-elements.ts';
import { isObject, toList } from '../../fhir/json-values.ts';
import type { Resource } from '../../fhir/types.ts';

/** A value with its path in the Patient. */
export type LocatedValue = [path: string, text: string];

type ElementMember = Record<string, unknown>;
type LocatedMember = [path: string, part: ElementMember];

/** The current values of a repeating element with their paths, the preferred one first. */
function listCurrentMembers(patient: Resource, element: keyof typeof ELEMENT_TYPES, now: string): LocatedMember[] {
  const members = toList(patient[element])
    .filter(isObject)
    .map((part, at): LocatedMember => [`${element}[${at}]`, part]);
  const order = buildPreferenceComparator(ELEMENT_TYPES[element])!;
  return members.filter(([, part]) => !isOld(part) && isInPeriod(part, now)).toSorted(([, one], [, other]) => order(one, other));
}

const ELEMENT_TYPES = { name: 'HumanName', address: 'Address', telecom: 'ContactPoint' };

/** Whether the person has a current name. */
export const hasName = (patient: Resource, now: string): boolean => listCurrentMembers(patient, 'name', now).length > 0;

/** A part of the preferred name, among those with a family name. */
export function findNamePart(patient: Resource, path: 'family' | 'given[0]', now: string): LocatedValue[] {
  const whole = listCurrentMembers(patient, 'name', now).find(([, name]) => typeof name.family === 'string');
  return whole ? readPart(whole, path) : [];
}

/** The preferred address that is not of the type `postal`: a sample may be collected at this address. */
export const findHomeAddress = (patient: Resource, now: string): LocatedMember | undefined =>
  listCurrentMembers(patient, 'address', now).find(([, address]) => address.type !== 'postal');

/** A part of the home address. */
export function findAddressPart(patient: Resource, path: string, now: string): LocatedValue[] {
  const home = findHomeAddress(patient, now);
  return home ? readPart(home, path) : [];
}

/** The values of all current contact points of a system, the preferred one first. */
export const listContactPoints = (patient: Resource, system: string, now: string): LocatedValue[] =>
  listCurrentMembers(patient, 'telecom', now)
    .filter(([, point]) => point.system === system)
    .flatMap((point) => readPart(point, 'value'));

/** `path`: a field, or the first element of a list (`given[0]`). */
function readPart([at, part]: LocatedMember, path: string): LocatedValue[] {
  const value = path.endsWith('[0]') ? toList(part[path.slice(0, -3)])[0] : part[path];
  return typeof value === 'string' ? [[`${at}.${path}`, value]] : [];
}
