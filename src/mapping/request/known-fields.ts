// The known fields of a request, without blank texts: vendors' schemas accept blank texts, FHIR does not, so a blank text counts as missing.
//  https://hl7.org/fhir/R4/datatypes.html#string

import { isObject } from '../../fhir/json-values.ts';
import type { Field } from '../lens/field.ts';
import type { View } from '../shape.ts';

/** The body without unknown properties, at any depth, and without blank texts. */
export function pickKnownFields(fields: Field[], body: View): View {
  const entries = fields.flatMap((field): [string, unknown][] => {
    const { name, spec, fields: inner, members } = field;
    if (spec.readOnly || !Object.hasOwn(body, name)) return [];
    const value = omitBlankTexts(field, body[name]);
    if (members && Array.isArray(value)) return [[name, value.map((item) => pickKnownWithin(members, item)).filter(hasValue)]];
    return value === undefined ? [] : [[name, inner ? pickKnownWithin(inner, value) : value]];
  });
  return Object.fromEntries(entries);
}

const pickKnownWithin = (fields: Field[], value: unknown): unknown => (isObject(value) ? pickKnownFields(fields, value) : value);

/** Whether a member of a list has any value; otherwise it is dropped. */
const hasValue = (member: unknown): boolean =>
  !isObject(member) ||
  Object.values(member).some((value) =>
    isObject(value) ? hasValue(value) : value !== null && !(Array.isArray(value) && value.length === 0),
  );

/** A value without blank texts; undefined: none. A blank text that is required, or that its codec refuses, stays: it must be refused. */
export function omitBlankTexts({ spec, codec }: Field, value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => !isBlank(item));
  if (isMapField(spec) && isObject(value)) return Object.fromEntries(Object.entries(value).filter(([, entry]) => !isBlank(entry)));
  return isBlank(value) && !spec.required && codec.validate?.(value) === undefined ? undefined : value;
}

/** One part of a value: a member of a list, or an entry of a map. `at`: appended to the field's name; `value`: the part as a whole value. */
export interface ValueMember {
  at: string;
  item: unknown;
  value: unknown;
}

/** The parts of a value with their positions in the request. Keys that do not look like names are not repeated: they may be health data. */
export function listMembers({ spec }: Field, value: unknown): ValueMember[] {
  if (Array.isArray(value))
    return value.map((item, index) => ({ at: `[${index}]`, item, value: [item] })).filter(({ item }) => !isBlank(item));
  if (!isMapField(spec) || !isObject(value)) return [{ at: '', item: value, value }];
  return Object.entries(value)
    .filter(([, item]) => !isBlank(item))
    .map(([key, item]) => ({ at: isSafeName(key) ? `.${key}` : '', item: { [key]: item }, value: { [key]: item } }));
}

/** Whether a key may be repeated in an error text. */
export const isSafeName = (key: string): boolean => /^\w[\w-]{0,63}$/.test(key);

/** A field that is a map from texts to texts. */
export const isMapField = ({ as }: Field['spec']): boolean => as?.startsWith('keyed') ?? false;

const isBlank = (value: unknown): boolean => typeof value === 'string' && value.trim() === '';
