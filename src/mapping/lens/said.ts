// What a request says: the fields its shape knows, without blank texts. Vendors print schemas that admit them, FHIR has none, and a blank text says as much
// as a missing one. https://hl7.org/fhir/R4/datatypes.html#string

import type { View } from '../shape.ts';
import type { Field } from './field.ts';

/** The body without what the shape does not know, at any depth, and without what is blank. */
export function saidBy(fields: Field[], body: View): View {
  const entries = fields.flatMap((field): [string, unknown][] => {
    const { name, spec, fields: inner, members } = field;
    if (spec.readOnly || !Object.hasOwn(body, name)) return [];
    const value = saidIn(field, body[name]);
    if (members && Array.isArray(value)) return [[name, value.map((one) => within(members, one)).filter(saysSomething)]];
    return value === undefined ? [] : [[name, inner ? within(inner, value) : value]];
  });
  return Object.fromEntries(entries);
}

const within = (fields: Field[], value: unknown): unknown => (isEntries(value) ? saidBy(fields, value) : value);

/** A member of a list whose values are all missing is none. */
const saysSomething = (member: unknown): boolean =>
  !isEntries(member) ||
  Object.values(member).some((value) =>
    isEntries(value) ? saysSomething(value) : value !== null && !(Array.isArray(value) && value.length === 0),
  );

/** A value without blank texts; undefined: nothing is said. A required text stays, and one that its codec has a rule for: they are refused. */
export function saidIn({ spec, codec }: Field, value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((one) => !isBlank(one));
  if (isMap(spec) && isEntries(value)) return Object.fromEntries(Object.entries(value).filter(([, one]) => !isBlank(one)));
  return isBlank(value) && !spec.required && codec.fault?.(value) === undefined ? undefined : value;
}

/** One thing that a value says: in a list a member, in a map an entry. `at`: what is added to the field's name; `value`: as a whole value of its own. */
export interface Member {
  at: string;
  one: unknown;
  value: unknown;
}

/** What a value says, one by one, each by its place in what the caller sent. Keys that look like no name are not repeated: they may be somebody's data. */
export function membersOf({ spec }: Field, value: unknown): Member[] {
  if (Array.isArray(value)) return value.map((one, nth) => ({ at: `[${nth}]`, one, value: [one] })).filter(({ one }) => !isBlank(one));
  if (!isMap(spec) || !isEntries(value)) return [{ at: '', one: value, value }];
  return Object.entries(value)
    .filter(([, one]) => !isBlank(one))
    .map(([key, one]) => ({ at: isName(key) ? `.${key}` : '', one: { [key]: one }, value: { [key]: one } }));
}

/** Whether a key may be repeated in a refusal. */
export const isName = (key: string): boolean => /^\w[\w-]{0,63}$/.test(key);

/** A field that is a map from texts to texts. */
export const isMap = ({ as }: Field['spec']): boolean => as?.startsWith('keyed') ?? false;

const isBlank = (value: unknown): boolean => typeof value === 'string' && value.trim() === '';

const isEntries = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
