// What a change of an item asks for: a merge into what is shown (RFC 7396), operations on it (RFC 6902), or a whole new body, as the fields whose value
// would be another. A field that stays as it is shown is not touched, however it came to be stored. https://www.rfc-editor.org/rfc/rfc7396
import { isDeepStrictEqual } from 'node:util';
import { type Parsed, plainOf } from '../fhir/json.ts';
import { isContainer } from '../fhir/json-tree.ts';
import { type Issue, issue } from '../fhir/outcome.ts';
import { operations } from '../fhir/patch/json-patch.ts';
import { type BodyCheck, bodyCheck } from './body-check.ts';
import type { Field } from './lens/field.ts';
import { isUnset } from './lens/lens-read.ts';
import { saidBy } from './lens/said.ts';
import { inOneForm } from './lens/sharing.ts';
import { asksIn, changeSchema, replaceSchema } from './schema.ts';
import type { Change, Shape, View } from './shape.ts';

/** What both kinds of change are made of. `deep`: objects of a merge are merged too, else they are replaced whole. `disagree`: fields that say two things of one. */
interface Changing {
  fields: Field[];
  deep: boolean;
  disagree(said: View): Issue[];
  checkSome: BodyCheck;
  checkWhole: BodyCheck;
}

/** `change` and `changeSchema` of a shape. */
export function changeOf(
  fields: Field[],
  { nullable, ...how }: { nullable: boolean } & Pick<Changing, 'deep' | 'disagree'>,
): Pick<Shape, 'change' | 'changeSchema' | 'replaceSchema'> {
  const schemas = { changeSchema: changeSchema(fields, nullable), replaceSchema: replaceSchema(fields, nullable) };
  const changing: Changing = {
    ...how,
    fields: fields.filter(({ spec }) => !spec.readOnly),
    checkSome: bodyCheck(schemas.changeSchema, fields.filter(asksIn('update'))),
    checkWhole: bodyCheck(schemas.replaceSchema, fields.filter(asksIn('update'))),
  };
  return {
    ...schemas,
    change(kind, body, now) {
      const { fields, issues } = kind === 'merge' ? merged(changing, body, now) : replaced(changing, body, now);
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
  const stays = ({ name, spec }: Field): boolean => spec.on === 'create' || spelled.has(spec.shares ?? name);
  const next = Object.fromEntries(
    changing.fields.map((field) => [field.name, said[field.name] ?? (stays(field) ? view[field.name] : null)]),
  );
  const { asked, issues } = differing(changing, next, view);
  return { fields: asked, issues: [...wrong, ...issues] };
}

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
    return isSame(value, saidOf(field, view[field.name])) ? [] : [{ name: field.name, value, fixed: field.spec.on === 'create' }];
  });
  return {
    asked: Object.fromEntries(changed.flatMap(({ name, value, fixed }) => (fixed ? [] : [[name, value]]))),
    issues: changed.flatMap(({ name, fixed }) => (fixed ? [issue('invalid', `${name} must stay as it was created`, name)] : [])),
  };
}

/** A value as a request says it: without blank texts, objects without what is missing; null: there is none. */
function saidOf(field: Field, value: unknown): unknown {
  const whole = field.fields || field.members || field.spec.as === 'concept' ? withoutUnset(value) : value;
  return saidBy([field], { [field.name]: whole ?? null })[field.name] ?? null;
}

function withoutUnset(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUnset);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).flatMap(([name, one]) => (isUnset(one) ? [] : [[name, withoutUnset(one)]])));
}

/** Nothing, an empty list and an empty map are the same: there is no value. */
const isSame = (value: unknown, shown: unknown): boolean =>
  (isUnset(value) && isUnset(shown)) || isDeepStrictEqual(plainOf(value), plainOf(shown));

const isObject = (value: unknown): value is Record<string, unknown> => isContainer(value) && !Array.isArray(value);
