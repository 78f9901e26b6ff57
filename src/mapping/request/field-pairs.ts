// Rules of a field that look at another one beside it: `unlike:`, `needs:` and `notBefore:`.
import { parseDateRange } from '../../fhir/date-range.ts';
import type { Field } from '../lens/field.ts';
import { isUnset } from '../lens/lens-read.ts';
import type { Env, View } from '../shape.ts';

const NOTHING_KNOWN: Env = { alias: () => '' };

/** What is wrong between a field and those it names, as the end of a sentence that begins with the field; none: nothing. */
export const checkFieldPairs = (field: Field, view: View): string[] => [
  ...checkUnlike(field, view),
  ...(lacksNeededField(field, view) ? [`must not be said without ${field.spec.needs}`] : []),
  ...checkNotBefore(field, view),
];

/** The same of a field that a request does not say, told of the one that it says. */
export const checkUnsentFieldPairs = (field: Field, view: View, said: View): [field: string, text: string][] => {
  const { needs } = field.spec;
  if (needs !== undefined && needs in said && lacksNeededField(field, view))
    return [[needs, `must be said as long as there is ${field.name}`]];
  return refersToAny(field, said) ? checkFieldPairs(field, view).map((text) => [field.name, text]) : [];
};

/** Whether a rule of the field looks at one of the fields that a view has. */
const refersToAny = ({ spec: { unlike, needs, notBefore } }: Field, view: View): boolean =>
  [unlike, needs, notBefore].some((name) => name !== undefined && name in view);

/** `unlike:` two fields that may not be stored as the same. */
function checkUnlike({ codec, name, spec: { unlike } }: Field, view: View): string[] {
  const [value, other] = [view[name] ?? undefined, unlike === undefined ? undefined : (view[unlike] ?? undefined)];
  if (value === undefined || other === undefined || codec.write(value, NOTHING_KNOWN) !== codec.write(other, NOTHING_KNOWN)) return [];
  return [`must not be the same as ${unlike}`];
}

/** `needs:` a field that stands behind another one, as the second line of an address behind the first, the day of death behind the yes. */
const lacksNeededField = ({ name, spec: { needs } }: Field, view: View): boolean =>
  needs !== undefined && !isAbsent(view[name]) && isAbsent(view[needs]);

/** `notBefore:` the end of something behind its start; a day is as long as it lasts. What is no day or time is told as that. */
function checkNotBefore({ name, spec: { notBefore } }: Field, view: View): string[] {
  const [end, start] = [notBefore && parseDateRange(String(view[name] ?? '')), notBefore && parseDateRange(String(view[notBefore] ?? ''))];
  return end && start && end.to <= start.from ? [`must not be before ${notBefore}`] : [];
}

const isAbsent = (value: unknown): boolean => isUnset(value) || value === false || (typeof value === 'string' && value.trim() === '');
