// Rules between two fields: `unlike:`, `needs:` and `notBefore:`.

import { parseDateRange } from '../../fhir/date-range.ts';
import type { Field } from '../lens/field.ts';
import { isUnset } from '../lens/lens-read.ts';
import { EMPTY_ENV, type View } from '../shape.ts';

/** The errors between a field and the fields that it names, to complete "<field> …". */
export const checkFieldPairs = (field: Field, view: View): string[] => [
  ...checkUnlike(field, view),
  ...(lacksNeededField(field, view) ? [`must not be set without ${field.spec.needs}`] : []),
  ...checkNotBefore(field, view),
];

/** The errors of a field that the request does not have, when the request changes a field that its rule names. */
export const checkUnsentFieldPairs = (field: Field, view: View, said: View): [field: string, text: string][] => {
  const { needs } = field.spec;
  if (needs !== undefined && needs in said && lacksNeededField(field, view)) return [[needs, `must be set while there is ${field.name}`]];
  return refersToAny(field, said) ? checkFieldPairs(field, view).map((text) => [field.name, text]) : [];
};

/** Whether a rule of the field names a field of the view. */
const refersToAny = ({ spec: { unlike, needs, notBefore } }: Field, view: View): boolean =>
  [unlike, needs, notBefore].some((name) => name !== undefined && name in view);

/** `unlike:` the stored values must differ. */
function checkUnlike({ codec, name, spec: { unlike } }: Field, view: View): string[] {
  const [value, other] = [view[name] ?? undefined, unlike === undefined ? undefined : (view[unlike] ?? undefined)];
  if (value === undefined || other === undefined || codec.write(value, EMPTY_ENV) !== codec.write(other, EMPTY_ENV)) return [];
  return [`must not be the same as ${unlike}`];
}

/** `needs:` a field that requires another one: the second line of an address requires the first. */
const lacksNeededField = ({ name, spec: { needs } }: Field, view: View): boolean =>
  needs !== undefined && !isAbsent(view[name]) && isAbsent(view[needs]);

/** `notBefore:` an end must not precede its start; a day ends at midnight. Invalid dates are reported elsewhere. */
function checkNotBefore({ name, spec: { notBefore } }: Field, view: View): string[] {
  const [end, start] = [notBefore && parseDateRange(String(view[name] ?? '')), notBefore && parseDateRange(String(view[notBefore] ?? ''))];
  return end && start && end.to <= start.from ? [`must not be before ${notBefore}`] : [];
}

const isAbsent = (value: unknown): boolean => isUnset(value) || value === false || (typeof value === 'string' && value.trim() === '');
