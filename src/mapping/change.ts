// What a change of an item asks for: a merge into what is shown (RFC 7396), operations on it (RFC 6902), or a whole new body, as the fields whose value
// would be another. A field that stays as it is shown is not touched, however it came to be stored. What is performed asks for its fields and for its time.
// https://www.rfc-editor.org/rfc/rfc7396
import { isDeepStrictEqual } from 'node:util';
import { type Parsed, plainOf } from '../fhir/json.ts';
import { isContainer } from '../fhir/json-tree.ts';
import { type Issue, issue } from '../fhir/outcome.ts';
import { operations } from '../fhir/patch/json-patch.ts';
import { type BodyCheck, bodyCheck } from './body-check.ts';
import type { Field } from './lens/field.ts';
import { isServerValue, isUnset, standardOf } from './lens/lens-read.ts';
import { saidBy } from './lens/said.ts';
import { inOneForm } from './lens/sharing.ts';
import { asksIn, changeSchema, replaceSchema } from './schema.ts';
import type { Change, Shape, View } from './shape.ts';

/** What both kinds of change are made of. `deep`: objects of a merge are merged too, else they are replaced whole. `disagree`: fields that say two things of one. */
interface Changing {
  fields: Field[];
  /** The fields that say when something was performed. */
  times: Field[];
  deep: boolean;
  disagree(said: View): Issue[];
  checkSome: BodyCheck;
  checkWhole: BodyCheck;
}

/** `change` and `changeSchema` of a shape. */
export function changeOf(
  fields: Field[],
  { nullable, ...how }: { nullable: boolean } & Pick<Changing, 'deep' | 'disagree'>,
): Pick<Shape, 'change' | 'stays' | 'changeSchema' | 'replaceSchema'> {
  const schemas = { changeSchema: changeSchema(fields, nullable), replaceSchema: replaceSchema(fields, nullable) };
  const changing: Changing = {
    ...how,
    fields: fields.filter(({ spec }) => !spec.readOnly),
    times: fields.filter(({ spec }) => spec.readOnly && isServerValue(spec.default)),
    checkSome: bodyCheck(schemas.changeSchema, fields.filter(asksIn('update'))),
    checkWhole: bodyCheck(schemas.replaceSchema, fields.filter(asksIn('update'))),
  };
  return {
    ...schemas,
    stays: stays(fields),
    change(kind, body, now) {
      const { fields, issues } = WAYS[kind](changing, body, now);
      return { fields: inOneForm(fields, changing.fields), issues: issues.length ? issues : changing.disagree(fields) };
    },
  };
}

/** The time, and the item as it is shown now, its fields that are never shown among them. */
interface Standing {
  view: View;
  time: string;
}

function merged(changing: Changing, body: Parsed, standing: Standing): Change {
  const { fields, deep, checkSome } = changing;
  const next = Array.isArray(body.plain) ? operated(body, standing.view) : mergedInto(standing.view, body, { fields, deep });
  if (!next) return { fields: {}, issues: checkSome(body.plain, standing.time) };
  const { asked, issues } = differing(changing, next, standing.view);
  return { fields: asked, issues: [...issues, ...checkSome(plainOf(asked), standing.time, { ...standing.view, ...asked })] };
}

/** A whole new body: what it does not say is unset, unless it says it in another spelling. */
function replaced(changing: Changing, body: Parsed, { view, time }: Standing): Change {
  const wrong = changing.checkWhole(body.plain, time);
  if (wrong.some(({ expression }) => !expression)) return { fields: {}, issues: wrong };
  const said = body.exact as View;
  const spelled = new Set(changing.fields.filter(({ name }) => !isUnset(said[name])).map(({ name, spec }) => spec.shares ?? name));
  const stays = ({ name, spec }: Field): boolean => spec.onlyIn === 'create' || spelled.has(spec.shares ?? name);
  const next = Object.fromEntries(
    changing.fields.map((field) => [field.name, said[field.name] ?? (stays(field) ? view[field.name] : null)]),
  );
  const { asked, issues } = differing(changing, next, view);
  return { fields: asked, issues: [...wrong, ...issues] };
}

/**
 * What the body says, fields it leaves out in their standard value. Where that makes anything another, or nobody has said when it was done, the time of it;
 * asked again it changes nothing.
 */
function performed(changing: Changing, body: Parsed, { view, time }: Standing): Change {
  const said = saidBy(changing.fields, body.exact as View);
  const next = Object.fromEntries(changing.fields.map(({ name, spec }) => [name, said[name] ?? standardOf(spec) ?? view[name]]));
  const { asked, issues } = differing(changing, next, view);
  const isAnother = Object.keys(asked).length > 0;
  const times = changing.times.filter(({ name }) => isAnother || isUnset(view[name])).map(({ name }) => [name, time]);
  return { fields: { ...asked, ...Object.fromEntries(times) }, issues };
}

const WAYS: Record<Parameters<Shape['change']>[0], (changing: Changing, body: Parsed, now: Standing) => Change> = {
  merge: merged,
  replace: replaced,
  perform: performed,
};

/** What operations make of the view. One that makes no object of it is told like a body that is none. */
function operated(body: Parsed, view: View): View | undefined {
  const next = operations(body)(view);
  return isObject(next) ? next : undefined;
}

function mergedInto(view: View, { exact }: Parsed, { fields, deep }: { fields: Field[]; deep: boolean }): View | undefined {
  if (!isObject(exact)) return undefined;
  const named = fields.filter(({ name }) => Object.hasOwn(exact, name));
  return { ...view, ...Object.fromEntries(named.map(({ name }) => [name, deep ? mergePatch(view[name], exact[name]) : exact[name]])) };
}

/** https://www.rfc-editor.org/rfc/rfc7396#section-2 */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const next = new Map(Object.entries(isObject(target) ? target : {}));
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) next.delete(name);
    else next.set(name, mergePatch(next.get(name), value));
  }
  return Object.fromEntries(next);
}

/** The fields whose value would be another; one that only a create may set is refused. */
function differing({ fields }: Changing, next: View, view: View): { asked: View; issues: Issue[] } {
  const changed = fields.flatMap((field) => {
    const value = saidOf(field, next[field.name]);
    return isSame(value, saidOf(field, view[field.name])) ? [] : [{ name: field.name, value, fixed: field.spec.onlyIn === 'create' }];
  });
  return {
    asked: Object.fromEntries(changed.flatMap(({ name, value, fixed }) => (fixed ? [] : [[name, value]]))),
    issues: changed.flatMap(({ name, fixed }) => (fixed ? [issue('invalid', `${name} must stay as it was created`, name)] : [])),
  };
}

/** What is wrong with a change that leaves a value where it asked for none: an answer that showed it would be a lie. */
const stays =
  (fields: Field[]): Shape['stays'] =>
  (asked, after) =>
    stillShown(asked, after).map((name) => {
      const { shares } = fields.find((field) => field.name === name)!.spec;
      const why = shares ? `the next of ${shares} would be shown; say ${shares}` : 'it is shown from what others say';
      return issue('invalid', `${name} must stay: ${why}`, name);
    });

/** The fields that are asked to have no value and show one all the same: it stands where other fields write, and is not theirs alone to take away. */
export const stillShown = (asked: View, after: View): string[] =>
  Object.keys(asked).filter((name) => isUnset(asked[name]) && !isUnset(after[name]));

/** A value as a request says it: without blank texts, objects without what is missing; null: there is none. */
function saidOf(field: Field, value: unknown): unknown {
  const whole = field.fields || field.members || field.spec.as === 'concept' ? withoutUnset(value, field) : value;
  return saidBy([field], { [field.name]: whole ?? null })[field.name] ?? null;
}

function withoutUnset(value: unknown, field: Field | undefined): unknown {
  if (Array.isArray(value)) return value.map((one) => withoutUnset(one, field));
  if (!isObject(value)) return value;
  const inner = field?.fields ?? field?.members ?? [];
  const entries = Object.entries(value).map(([name, one]) => ({ name, one, own: inner.find((other) => other.name === name) }));
  return Object.fromEntries(entries.flatMap(({ name, one, own }) => (saysNothing(one, own) ? [] : [[name, withoutUnset(one, own)]])));
}

/** An empty list says that a list has no value, an empty object that an object has none; of anything else it is a wrong value. */
function saysNothing(value: unknown, field: Field | undefined): boolean {
  if (!isUnset(value) || value === undefined || value === null) return isUnset(value);
  return Array.isArray(value)
    ? field?.members !== undefined || field?.spec.type === 'string[]'
    : !!field?.fields || field?.spec.type === 'object';
}

/** Nothing, an empty list and an empty map are the same: there is no value. */
const isSame = (value: unknown, shown: unknown): boolean =>
  (isUnset(value) && isUnset(shown)) || isDeepStrictEqual(plainOf(value), plainOf(shown));

const isObject = (value: unknown): value is Record<string, unknown> => isContainer(value) && !Array.isArray(value);
