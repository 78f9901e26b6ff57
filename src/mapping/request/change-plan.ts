// What a change of an item asks for: a merge into what is shown (RFC 7396), operations on it (RFC 6902), or a whole new body, as the fields whose value
// would be another. A field that stays as it is shown is not touched, however it came to be stored. What is performed asks for its fields and for its time.
// https://www.rfc-editor.org/rfc/rfc7396
import { isDeepStrictEqual } from 'node:util';
import { type ParsedJson, toPlainJson } from '../../fhir/json.ts';
import { isContainer } from '../../fhir/json-tree.ts';
import { type Issue, issue } from '../../fhir/outcome.ts';
import { parseJsonPatchOperations } from '../../fhir/patch/json-patch.ts';
import type { Field } from '../lens/field.ts';
import { unsetOtherForms } from '../lens/field-forms.ts';
import { findDefault, isServerValue, isUnset } from '../lens/lens-read.ts';
import type { ChangePlan, Shape, View } from '../shape.ts';
import { type BodyCheck, buildBodyCheck } from './body-check.ts';
import { buildChangeSchema, buildReplaceSchema, isWritableIn } from './json-schema.ts';
import { pickKnownFields } from './known-fields.ts';

/** What both kinds of change are made of. `deep`: objects of a merge are merged too, else they are replaced whole. `disagree`: fields that say two things of one. */
interface ChangeRules {
  fields: Field[];
  /** The fields that say when something was performed. */
  performedTimes: Field[];
  deep: boolean;
  findConflicts(said: View): Issue[];
  checkSome: BodyCheck;
  checkWhole: BodyCheck;
}

/** `change` and `changeSchema` of a shape. */
export function buildChangePlanner(
  fields: Field[],
  { nullable, ...how }: { nullable: boolean } & Pick<ChangeRules, 'deep' | 'findConflicts'>,
): Pick<Shape, 'planChange' | 'checkUnsetFields' | 'changeSchema' | 'replaceSchema'> {
  const schemas = { changeSchema: buildChangeSchema(fields, nullable), replaceSchema: buildReplaceSchema(fields, nullable) };
  const changing: ChangeRules = {
    ...how,
    fields: fields.filter(({ spec }) => !spec.readOnly),
    performedTimes: fields.filter(({ spec }) => spec.readOnly && isServerValue(spec.default)),
    checkSome: buildBodyCheck(schemas.changeSchema, fields.filter(isWritableIn('update'))),
    checkWhole: buildBodyCheck(schemas.replaceSchema, fields.filter(isWritableIn('update'))),
  };
  return {
    ...schemas,
    checkUnsetFields: stays(fields),
    planChange(kind, body, now) {
      const { fields, issues } = PLANNERS[kind](changing, body, now);
      return { fields: unsetOtherForms(fields, changing.fields), issues: issues.length ? issues : changing.findConflicts(fields) };
    },
  };
}

/** The time, and the item as it is shown now, its fields that are never shown among them. */
interface CurrentItem {
  view: View;
  time: string;
}

function planMerge(changing: ChangeRules, body: ParsedJson, standing: CurrentItem): ChangePlan {
  const { fields, deep, checkSome } = changing;
  const next = Array.isArray(body.plain) ? applyJsonPatch(body, standing.view) : applyMerge(standing.view, body, { fields, deep });
  if (!next) return { fields: {}, issues: checkSome(body.plain, standing.time) };
  const { asked, issues } = findChangedFields(changing, next, standing.view);
  return { fields: asked, issues: [...issues, ...checkSome(toPlainJson(asked), standing.time, { ...standing.view, ...asked })] };
}

/** A whole new body: what it does not say is unset, unless it says it in another spelling. */
function planReplace(changing: ChangeRules, body: ParsedJson, { view, time }: CurrentItem): ChangePlan {
  const wrong = changing.checkWhole(body.plain, time);
  if (wrong.some(({ expression }) => !expression)) return { fields: {}, issues: wrong };
  const said = body.exact as View;
  const spelled = new Set(changing.fields.filter(({ name }) => !isUnset(said[name])).map(({ name, spec }) => spec.shares ?? name));
  const buildUnsetCheck = ({ name, spec }: Field): boolean => spec.onlyIn === 'create' || spelled.has(spec.shares ?? name);
  const next = Object.fromEntries(
    changing.fields.map((field) => [field.name, said[field.name] ?? (buildUnsetCheck(field) ? view[field.name] : null)]),
  );
  const { asked, issues } = findChangedFields(changing, next, view);
  return { fields: asked, issues: [...wrong, ...issues] };
}

/**
 * What the body says, fields it leaves out in their standard value. Where that makes anything another, or nobody has said when it was done, the time of it;
 * asked again it changes nothing.
 */
function planPerform(changing: ChangeRules, body: ParsedJson, { view, time }: CurrentItem): ChangePlan {
  const said = pickKnownFields(changing.fields, body.exact as View);
  const next = Object.fromEntries(changing.fields.map(({ name, spec }) => [name, said[name] ?? findDefault(spec) ?? view[name]]));
  const { asked, issues } = findChangedFields(changing, next, view);
  const isAnother = Object.keys(asked).length > 0;
  const times = changing.performedTimes.filter(({ name }) => isAnother || isUnset(view[name])).map(({ name }) => [name, time]);
  return { fields: { ...asked, ...Object.fromEntries(times) }, issues };
}

const PLANNERS: Record<Parameters<Shape['planChange']>[0], (changing: ChangeRules, body: ParsedJson, now: CurrentItem) => ChangePlan> = {
  merge: planMerge,
  replace: planReplace,
  perform: planPerform,
};

/** What operations make of the view. One that makes no object of it is told like a body that is none. */
function applyJsonPatch(body: ParsedJson, view: View): View | undefined {
  const next = parseJsonPatchOperations(body)(view);
  return isObject(next) ? next : undefined;
}

function applyMerge(view: View, { exact }: ParsedJson, { fields, deep }: { fields: Field[]; deep: boolean }): View | undefined {
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
function findChangedFields({ fields }: ChangeRules, next: View, view: View): { asked: View; issues: Issue[] } {
  const changed = fields.flatMap((field) => {
    const value = normalizeValue(field, next[field.name]);
    return isSameValue(value, normalizeValue(field, view[field.name]))
      ? []
      : [{ name: field.name, value, fixed: field.spec.onlyIn === 'create' }];
  });
  return {
    asked: Object.fromEntries(changed.flatMap(({ name, value, fixed }) => (fixed ? [] : [[name, value]]))),
    issues: changed.flatMap(({ name, fixed }) => (fixed ? [issue('invalid', `${name} must stay as it was created`, name)] : [])),
  };
}

/** What is wrong with a change that leaves a value where it asked for none: an answer that showed it would be a lie. */
const stays =
  (fields: Field[]): Shape['checkUnsetFields'] =>
  (asked, after) =>
    findStillShown(asked, after).map((name) => {
      const { shares } = fields.find((field) => field.name === name)!.spec;
      const why = shares ? `the next of ${shares} would be shown; say ${shares}` : 'it is shown from what others say';
      return issue('invalid', `${name} must stay: ${why}`, name);
    });

/** The fields that are asked to have no value and show one all the same: it stands where other fields write, and is not theirs alone to take away. */
export const findStillShown = (asked: View, after: View): string[] =>
  Object.keys(asked).filter((name) => isUnset(asked[name]) && !isUnset(after[name]));

/** A value as a request says it: without blank texts, objects without what is missing; null: there is none. */
function normalizeValue(field: Field, value: unknown): unknown {
  const whole = field.fields || field.members || field.spec.as === 'concept' ? omitUnset(value, field) : value;
  return pickKnownFields([field], { [field.name]: whole ?? null })[field.name] ?? null;
}

function omitUnset(value: unknown, field: Field | undefined): unknown {
  if (Array.isArray(value)) return value.map((one) => omitUnset(one, field));
  if (!isObject(value)) return value;
  const inner = field?.fields ?? field?.members ?? [];
  const entries = Object.entries(value).map(([name, one]) => ({ name, one, own: inner.find((other) => other.name === name) }));
  return Object.fromEntries(entries.flatMap(({ name, one, own }) => (isEmptyFor(one, own) ? [] : [[name, omitUnset(one, own)]])));
}

/** An empty list says that a list has no value, an empty object that an object has none; of anything else it is a wrong value. */
function isEmptyFor(value: unknown, field: Field | undefined): boolean {
  if (!isUnset(value) || value === undefined || value === null) return isUnset(value);
  return Array.isArray(value)
    ? field?.members !== undefined || field?.spec.type === 'string[]'
    : !!field?.fields || field?.spec.type === 'object';
}

/** Nothing, an empty list and an empty map are the same: there is no value. */
const isSameValue = (value: unknown, shown: unknown): boolean =>
  (isUnset(value) && isUnset(shown)) || isDeepStrictEqual(toPlainJson(value), toPlainJson(shown));

const isObject = (value: unknown): value is Record<string, unknown> => isContainer(value) && !Array.isArray(value);
