// What a request says: the fields its shape knows, without blank texts. Vendors print schemas that admit them, FHIR has none, and a blank text says as much
// as a missing one. https://hl7.org/fhir/R4/datatypes.html#string

import type { Field } from '../lens/field.ts';
import type { View } from '../shape.ts';

/** The body without what the shape does not know, at any depth, and without what is blank. */
export function pickKnownFields(fields: Field[], body: View): View {
  const entries = fields.flatMap((field): [string, unknown][] => {
    const { name, spec, fields: inner, members } = field;
    if (spec.readOnly || !Object.hasOwn(body, name)) return [];
    const value = omitBlankTexts(field, body[name]);
    if (members && Array.isArray(value)) return [[name, value.map((one) => pickKnownWithin(members, one)).filter(hasValue)]];
    return value === undefined ? [] : [[name, inner ? pickKnownWithin(inner, value) : value]];
  });
  return Object.fromEntries(entries);
}

const pickKnownWithin = (fields: Field[], value: unknown): unknown => (isPlainObject(value) ? pickKnownFields(fields, value) : value);

/** A member of a list whose values are all missing is none. */
const hasValue = (member: unknown): boolean =>
  !isPlainObject(member) ||
  Object.values(member).some((value) =>
    isPlainObject(value) ? hasValue(value) : value !== null && !(Array.isArray(value) && value.length === 0),
  );

/** A value without blank texts; undefined: nothing is said. A required text stays, and one that its codec has a rule for: they are refused. */
export function omitBlankTexts({ spec, codec }: Field, value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((one) => !isBlank(one));
  if (isMapField(spec) && isPlainObject(value)) return Object.fromEntries(Object.entries(value).filter(([, one]) => !isBlank(one)));
  return isBlank(value) && !spec.required && codec.validate?.(value) === undefined ? undefined : value;
}

/** One thing that a value says: in a list a member, in a map an entry. `at`: what is added to the field's name; `value`: as a whole value of its own. */
export interface ValueMember {
  at: string;
  one: unknown;
  value: unknown;
}

/** What a value says, one by one, each by its place in what the caller sent. Keys that look like no name are not repeated: they may be somebody's data. */
export function listMembers({ spec }: Field, value: unknown): ValueMember[] {
  if (Array.isArray(value)) return value.map((one, nth) => ({ at: `[${nth}]`, one, value: [one] })).filter(({ one }) => !isBlank(one));
  if (!isMapField(spec) || !isPlainObject(value)) return [{ at: '', one: value, value }];
  return Object.entries(value)
    .filter(([, one]) => !isBlank(one))
    .map(([key, one]) => ({ at: isSafeName(key) ? `.${key}` : '', one: { [key]: one }, value: { [key]: one } }));
}

/** Whether a key may be repeated in a refusal. */
export const isSafeName = (key: string): boolean => /^\w[\w-]{0,63}$/.test(key);

/** A field that is a map from texts to texts. */
export const isMapField = ({ as }: Field['spec']): boolean => as?.startsWith('keyed') ?? false;

const isBlank = (value: unknown): boolean => typeof value === 'string' && value.trim() === '';

const isPlainObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
