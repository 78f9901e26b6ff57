// A field that is a list of objects, one for each member of a repeating element. A written member goes into the element that shows the same values, or has the
// same key, so that content which the shape does not show stays. Elements without any shown value are left alone.
// docs/decisions/0018-mapping-language.md

import { isDeepStrictEqual } from 'node:util';
import { toList, toRecord, toRecords } from '../../fhir/json-values.ts';
import type { Step, WritablePath } from '../../fhir/writable-path/path.ts';
import type { Env, View } from '../shape.ts';
import type { FieldSpec } from '../spec.ts';
import { NO_CODEC } from './codecs.ts';
import { buildPool } from './element-pool.ts';
import { type Field, type FieldBuilder, type FieldContext, listLeaves, type ResourceState } from './field.ts';
import { findDefault, isUnset, toStoredValue, toUnsetValue } from './lens-read.ts';
import type { NameScope } from './name-scope.ts';
import { buildPathTree, type Slots } from './path-tree.ts';

/** Reads and writes one element as a member. */
interface MemberLens {
  /** The member; undefined: the element shows no value. */
  show(element: unknown, env: Env): View | undefined;
  /** Writes the member into the element; undefined: a new one. */
  put(element: unknown, member: View, env: Env): unknown;
}

/** `list:` the repeating element; `where:` the condition of its members, and the start of a new one; `key:` the fields that identify a member; `memberHas:` the
 * field that every member has. */
export const buildObjectListField =
  (fieldOf: FieldBuilder): FieldBuilder =>
  (name, spec, context) => {
    const { path, begun } = findMembersPath(spec, context);
    const at = [...context.keyPath, name];
    const tree = buildPathTree(path.type);
    const names: NameScope = {
      ...context.names,
      compile: (text, type = path.type) => context.names.compile(text, type),
      compileMembers: (text, type = path.type) => context.names.compileMembers(text, type),
    };
    const { below: _, ...rest } = context;
    const inner = { ...rest, names, slot: (path: WritablePath) => tree.addPath(path), listSlot: tree.addList, keyPath: at };
    const members = Object.entries(spec.fields!).flatMap(([field, spec]) =>
      context.compileField([...at, field], () => fieldOf(field, spec, inner)),
    );
    for (const field of members.flatMap(listLeaves)) if (!field.spec.readOnly) field.writtenPaths.forEach(tree.protect);
    const member = buildMemberLens(members, tree);
    const readMember = (element: unknown, env: Env): View | undefined => {
      const view = member.show(element, env);
      return view && spec.memberHas !== undefined && view[spec.memberHas] === null ? undefined : view;
    };
    const slot = context.listSlot(path, (element, env) => readMember(element, env) !== undefined);
    return {
      name,
      spec,
      keyPath: at,
      members,
      memberPaths: tree,
      codec: NO_CODEC,
      paths: [path],
      writtenPaths: [path],
      toStored: (value, env) =>
        toRecords(value).flatMap((object) => members.flatMap((field) => listStored(field, object[field.name], env))),
      read({ slots, env }) {
        const views = slots[slot]!.flatMap((element) => readMember(element, env) ?? []);
        return views.length ? views : undefined;
      },
      assign(value, { slots, env }, changes) {
        const existing = slots[slot]!.flatMap((element) => {
          const view = readMember(element, env);
          return view ? [{ element, view }] : [];
        });
        const views = toRecords(value);
        const bases = matchMembers(
          views.map((item) => fillUnset(members, item)),
          existing,
          [spec.key ?? []].flat(),
        );
        changes[slot] = views.map((item, index) => member.put(bases[index] ?? begun(env), item, env)).filter((item) => !isUnset(item));
      },
    };
  };

/** The path of the members, and how a new element starts. */
function findMembersPath({ list, where }: FieldSpec, { names, below }: FieldContext) {
  const text = below === undefined ? list! : `${below}.${list}`;
  const all = names.compile(text);
  if (all.open.length !== 1 || !all.steps.at(-1)!.open) throw new Error(`list: ${text} must end in the one element that repeats`);
  const path = where === undefined ? all : names.compileMembers(`${text}.where(${where})`);
  return { path, begun: (env: Env) => buildNewElement(path.steps.at(-1)!, env) };
}

/** A new element that meets the conditions; undefined: there are none. */
function buildNewElement(step: Step, env: Env): unknown {
  if (step.open) return undefined;
  const newElement = toRecord(step.change({}, env, { make: true, edit: (element) => element }));
  return toList(newElement[step.name])[0];
}

function buildMemberLens(fields: Field[], tree: ReturnType<typeof buildPathTree>): MemberLens {
  const nowOf = (element: unknown, env: Env): ResourceState => ({ slots: tree.read(element, env, true), env });
  return {
    show(element, env) {
      const now = nowOf(element, env);
      const values = fields.map((field) => [field, field.read(now)] as const);
      if (values.every(([, value]) => value === undefined)) return undefined;
      return Object.fromEntries(values.map(([field, value]) => [field.name, value ?? toUnsetValue(field.spec)]));
    },
    put(element, member, env) {
      const now = nowOf(element ?? {}, env);
      const changes: Slots = [];
      for (const field of fields) assignField(field, member[field.name], { now, changes, isNew: element === undefined });
      return tree.write(element ?? {}, changes, env);
    },
  };
}

function assignField(field: Field, value: unknown, writing: { now: ResourceState; changes: Slots; isNew: boolean }): void {
  const { now, changes, isNew } = writing;
  if (field.spec.readOnly) return;
  if (field.fields) {
    for (const inner of field.fields) assignField(inner, toRecord(value)[inner.name], writing);
    return;
  }
  const newValue = toStoredValue(value ?? (isNew ? field.spec.default : undefined));
  const currentValue = field.read(now) ?? (isNew ? undefined : toStoredValue(findDefault(field.spec)));
  if (!isDeepStrictEqual(newValue, currentValue)) field.assign(newValue, now, changes);
}

/** An element and its view. */
interface ShownMember {
  element: unknown;
  view: View;
}

/**
 * Finds the element for each wanted member: one with the same view, else one with the same key. A member without a key is matched only when exactly one such
 * member and one such element are left.
 */
function matchMembers(newViews: View[], existing: ShownMember[], key: string[]): unknown[] {
  const equalMembers = buildPool(existing, ({ view }) => view);
  const matched = newViews.map((item) => equalMembers.take(item));
  const taken = new Set(matched);
  const remaining = existing.filter((member) => !taken.has(member));
  const keyOf = (view: View): unknown[] => key.map((name) => view[name]);
  const isNameless = (view: View): boolean => keyOf(view).every(isUnset);
  const changed = newViews.filter((_, index) => matched[index] === undefined);
  const alone = [changed, remaining.map(({ view }) => view)].every((views) => views.filter(isNameless).length === 1);
  const named = buildPool(key.length ? remaining.filter(({ view }) => alone || !isNameless(view)) : [], ({ view }) => keyOf(view));
  return matched.map((member, index) => (member ?? named.take(keyOf(newViews[index]!)))?.element);
}

/** A member with all its properties, as it is shown. */
function fillUnset(members: Field[], member: View): View {
  return Object.fromEntries(
    members.map(({ name, spec, fields }) => {
      const value = isUnset(member[name]) ? toUnsetValue(spec) : member[name];
      return [name, fields && value !== null ? fillUnset(fields, toRecord(value)) : value];
    }),
  );
}

const listStored = (field: Field, value: unknown, env: Env) => (value === undefined || value === null ? [] : field.toStored(value, env));
