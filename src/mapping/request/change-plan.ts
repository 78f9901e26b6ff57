// Finds the fields that a change request changes: a merge patch (RFC 7396), a JSON Patch (RFC 6902), a whole new body (PUT), or an action (`perform`).
// A field that already shows the requested value is not written, in whatever form it is stored. https://www.rfc-editor.org/rfc/rfc7396

import { isDeepStrictEqual } from 'node:util';
import { type ParsedJson, toPlainJson } from '../../fhir/json.ts';
import { isContainer } from '../../fhir/json-tree.ts';
import { toRecord } from '../../fhir/json-values.ts';
import { type Issue, issue } from '../../fhir/outcome.ts';
import { parseJsonPatchOperations } from '../../fhir/patch/json-patch.ts';
import type { Field } from '../lens/field.ts';
import { unsetOtherForms } from '../lens/field-forms.ts';
import { findDefault, isServerValue, isUnset } from '../lens/lens-read.ts';
import type { ChangePlan, Shape, View } from '../shape.ts';
import { type BodyCheck, buildBodyCheck } from './body-check.ts';
import { buildChangeSchema, buildReplaceSchema, isWritableIn } from './json-schema.ts';
import { pickKnownFields } from './known-fields.ts';

/** The rules for changes of a shape. `deep`: a merge patch merges objects, else it replaces them. */
interface ChangeRules {
  fields: Field[];
  /** The fields with the time of an action. */
  performedTimes: Field[];
  deep: boolean;
  findConflicts(body: View): Issue[];
  checkSome: BodyCheck;
  checkWhole: BodyCheck;
}

/** The change functions and schemas of a shape. */
export function buildChangePlanner(
  fields: Field[],
  { nullable, ...rules }: { nullable: boolean } & Pick<ChangeRules, 'deep' | 'findConflicts'>,
): Pick<Shape, 'planChange' | 'checkUnsetFields' | 'changeSchema' | 'replaceSchema' | 'mergesObjects'> {
  const schemas = { changeSchema: buildChangeSchema(fields, nullable), replaceSchema: buildReplaceSchema(fields, nullable) };
  const changing: ChangeRules = {
    ...rules,
    fields: fields.filter(({ spec }) => !spec.readOnly),
    performedTimes: fields.filter(({ spec }) => spec.readOnly && isServerValue(spec.default)),
    checkSome: buildBodyCheck(schemas.changeSchema, fields.filter(isWritableIn('update'))),
    checkWhole: buildBodyCheck(schemas.replaceSchema, fields.filter(isWritableIn('update'))),
  };
  return {
    ...schemas,
    mergesObjects: rules.deep,
    checkUnsetFields: stays(fields),
    planChange(kind, body, now) {
      const { fields, issues } = PLANNERS[kind](changing, body, now);
      return { fields: unsetOtherForms(fields, changing.fields), issues: issues.length ? issues : changing.findConflicts(fields) };
    },
  };
}

/** The current item, with write-only fields, and the time of the request. */
interface CurrentItem {
  view: View;
  time: string;
}

function planMerge(changing: ChangeRules, body: ParsedJson, current: CurrentItem): ChangePlan {
  const { fields, deep, checkSome } = changing;
  const next = Array.isArray(body.plain) ? applyJsonPatch(body, current.view) : applyMerge(current.view, body, { fields, deep });
  if (!next) return { fields: {}, issues: checkSome(body.plain, current.time) };
  const { changes, issues } = findChangedFields(changing, next, current.view);
  return { fields: changes, issues: [...issues, ...checkSome(toPlainJson(changes), current.time, { ...current.view, ...changes })] };
}

/** A whole new body: missing fields are unset, unless a second name of theirs has a value. */
function planReplace(changing: ChangeRules, body: ParsedJson, { view, time }: CurrentItem): ChangePlan {
  const wholeIssues = changing.checkWhole(body.plain, time);
  if (wholeIssues.some(({ expression }) => !expression)) return { fields: {}, issues: wholeIssues };
  const sent = toRecord(body.exact);
  const spelled = new Set(changing.fields.filter(({ name }) => !isUnset(sent[name])).map(({ name, spec }) => spec.shares ?? name));
  const buildUnsetCheck = ({ name, spec }: Field): boolean => spec.onlyIn === 'create' || spelled.has(spec.shares ?? name);
  const next = Object.fromEntries(
    changing.fields.map((field) => [field.name, sent[field.name] ?? (buildUnsetCheck(field) ? view[field.name] : null)]),
  );
  const { changes, issues } = findChangedFields(changing, next, view);
  return { fields: changes, issues: [...wholeIssues, ...issues] };
}

/**
 * An action: missing fields get their default. The time is set when any field changes, or when no time is stored yet; repeating the request changes nothing.
 */
function planPerform(changing: ChangeRules, body: ParsedJson, { view, time }: CurrentItem): ChangePlan {
  const sent = pickKnownFields(changing.fields, toRecord(body.exact));
  const next = Object.fromEntries(changing.fields.map(({ name, spec }) => [name, sent[name] ?? findDefault(spec) ?? view[name]]));
  const { changes, issues } = findChangedFields(changing, next, view);
  const isAnother = Object.keys(changes).length > 0;
  const times = changing.performedTimes.filter(({ name }) => isAnother || isUnset(view[name])).map(({ name }) => [name, time]);
  return { fields: { ...changes, ...Object.fromEntries(times) }, issues };
}

const PLANNERS: Record<Parameters<Shape['planChange']>[0], (changing: ChangeRules, body: ParsedJson, now: CurrentItem) => ChangePlan> = {
  merge: planMerge,
  replace: planReplace,
  perform: planPerform,
};

/** Applies a JSON Patch to the view; undefined: the result is not an object. */
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

/** Finds the fields whose value changes. Changing a field that only a create may set is an error. */
function findChangedFields({ fields }: ChangeRules, next: View, view: View): { changes: View; issues: Issue[] } {
  const changed = fields.flatMap((field) => {
    const value = normalizeValue(field, next[field.name]);
    return isSameValue(value, normalizeValue(field, view[field.name]))
      ? []
      : [{ name: field.name, value, fixed: field.spec.onlyIn === 'create' }];
  });
  return {
    changes: Object.fromEntries(changed.flatMap(({ name, value, fixed }) => (fixed ? [] : [[name, value]]))),
    issues: changed.flatMap(({ name, fixed }) => (fixed ? [issue('invalid', `${name} must stay as it was created`, name)] : [])),
  };
}

/** Errors for fields that were unset and still show a value. */
const stays =
  (fields: Field[]): Shape['checkUnsetFields'] =>
  (changes, after) =>
    findStillShown(changes, after).map((name) => {
      const { shares } = fields.find((field) => field.name === name)!.spec;
      const why = shares ? `the next of ${shares} would be shown; send ${shares}` : 'a value of another client would be shown';
      return issue('invalid', `${name} must stay: ${why}`, name);
    });

/** The fields that were unset and still show a value from a path that other fields write. */
export const findStillShown = (changes: View, after: View): string[] =>
  Object.keys(changes).filter((name) => isUnset(changes[name]) && !isUnset(after[name]));

/** A value in the form of a request: without blank texts and missing properties; null: none. */
function normalizeValue(field: Field, value: unknown): unknown {
  const cleaned = field.fields || field.members || field.spec.as === 'concept' ? omitUnset(value, field) : value;
  return pickKnownFields([field], { [field.name]: cleaned ?? null })[field.name] ?? null;
}

function omitUnset(value: unknown, field: Field | undefined): unknown {
  if (Array.isArray(value)) return value.map((item) => omitUnset(item, field));
  if (!isObject(value)) return value;
  const inner = field?.fields ?? field?.members ?? [];
  const entries = Object.entries(value).map(([name, item]) => ({ name, one: item, own: inner.find((other) => other.name === name) }));
  return Object.fromEntries(entries.flatMap(({ name, one: item, own }) => (isEmptyFor(item, own) ? [] : [[name, omitUnset(item, own)]])));
}

/** Whether a value is empty: null, an empty list for a list, an empty object for an object. */
function isEmptyFor(value: unknown, field: Field | undefined): boolean {
  if (!isUnset(value) || value === undefined || value === null) return isUnset(value);
  return Array.isArray(value)
    ? field?.members !== undefined || field?.spec.type === 'string[]'
    : !!field?.fields || field?.spec.type === 'object';
}

/** Whether two values are equal; null, an empty list and an empty map are equal. */
const isSameValue = (value: unknown, current: unknown): boolean =>
  (isUnset(value) && isUnset(current)) || isDeepStrictEqual(toPlainJson(value), toPlainJson(current));

const isObject = (value: unknown): value is Record<string, unknown> => isContainer(value) && !Array.isArray(value);
