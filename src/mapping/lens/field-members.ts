// A field that is a list of objects: one member for each element of a repeating element, its fields living in that element. A member that is written goes
// into the element that shows the same (or has the same key), so that what the shape cannot see of it stays; elements that show nothing are others'.
// docs/decisions/0018-mapping-language.md
import { isDeepStrictEqual } from 'node:util';
import type { Path, Step } from '../../fhir/path/path.ts';
import type { Env, View } from '../shape.ts';
import type { FieldSpec } from '../spec.ts';
import { type Field, type FieldContext, type FieldMaker, leavesOf, type Now } from './field.ts';
import { poolOf } from './known-again.ts';
import { isUnset, standardOf, storedOf, unsetOf } from './lens-read.ts';
import type { Names } from './names.ts';
import { pathTree, type Slots } from './path-tree.ts';

const NONE = { read: () => undefined, write: () => undefined };

/** One element as a member, both ways. */
interface Member {
  /** What the element shows; undefined: nothing. */
  show(element: unknown, env: Env): View | undefined;
  /** The element (undefined: a new one) with this member put in. */
  put(element: unknown, member: View, env: Env): unknown;
}

/** `list:` the repeating element, `where:` which of its members (and how a new one begins), `key:` the fields by which a member is known again, `memberHas:`
 * the field without which an element is no member. */
export const membersField =
  (fieldOf: FieldMaker): FieldMaker =>
  (name, spec, context) => {
    const { path, begun } = placeOf(spec, context);
    const at = [...context.at, name];
    const tree = pathTree(path.type);
    const names: Names = {
      ...context.names,
      path: (text, type = path.type) => context.names.path(text, type),
      members: (text, type = path.type) => context.names.members(text, type),
    };
    const { below: _, ...rest } = context;
    const inner = { ...rest, names, slot: (path: Path) => tree.slot(path), list: tree.list, at };
    const members = Object.entries(spec.fields!).flatMap(([field, one]) =>
      context.attempt([...at, field], () => fieldOf(field, one, inner)),
    );
    for (const field of members.flatMap(leavesOf)) if (!field.spec.readOnly) field.written.forEach(tree.hold);
    const member = memberOf(members, tree);
    const shown = (element: unknown, env: Env): View | undefined => {
      const view = member.show(element, env);
      return view && spec.memberHas !== undefined && view[spec.memberHas] === null ? undefined : view;
    };
    const slot = context.list(path, (element, env) => shown(element, env) !== undefined);
    return {
      name,
      spec,
      at,
      members,
      codec: NONE,
      paths: [path],
      written: [path],
      stores: (value, env) => (value as View[]).flatMap((one) => members.flatMap((field) => storedIn(field, one[field.name], env))),
      show({ slots, env }) {
        const views = slots[slot]!.flatMap((element) => shown(element, env) ?? []);
        return views.length ? views : undefined;
      },
      assign(value, { slots, env }, changes) {
        const standing = slots[slot]!.flatMap((element) => {
          const view = shown(element, env);
          return view ? [{ element, view }] : [];
        });
        const wanted = (value ?? []) as View[];
        const bases = alike(
          wanted.map((one) => filled(members, one)),
          standing,
          [spec.key ?? []].flat(),
        );
        changes[slot] = wanted.map((one, nth) => member.put(bases[nth] ?? begun(env), one, env)).filter((one) => !isUnset(one));
      },
    };
  };

/** The path of the field's members, and how a new one begins. */
function placeOf({ list, where }: FieldSpec, { names, below }: FieldContext) {
  const text = below === undefined ? list! : `${below}.${list}`;
  const all = names.path(text);
  if (all.open.length !== 1 || !all.steps.at(-1)!.open) throw new Error(`list: ${text} must end in the one element that repeats`);
  const path = where === undefined ? all : names.members(`${text}.where(${where})`);
  return { path, begun: (env: Env) => begunBy(path.steps.at(-1)!, env) };
}

/** A new element as the conditions ask for it; undefined where there are none. */
function begunBy(step: Step, env: Env): unknown {
  if (step.open) return undefined;
  const made = step.change({}, env, { make: true, edit: (element) => element }) as Record<string, unknown[]>;
  return made[step.name]?.[0];
}

function memberOf(fields: Field[], tree: ReturnType<typeof pathTree>): Member {
  const nowOf = (element: unknown, env: Env): Now => ({ slots: tree.read(element, env, true), env });
  return {
    show(element, env) {
      const now = nowOf(element, env);
      const values = fields.map((field) => [field, field.show(now)] as const);
      if (values.every(([, value]) => value === undefined)) return undefined;
      return Object.fromEntries(values.map(([field, value]) => [field.name, value ?? unsetOf(field.spec)]));
    },
    put(element, member, env) {
      const now = nowOf(element ?? {}, env);
      const changes: Slots = [];
      for (const field of fields) assign(field, member[field.name], { now, changes, made: element === undefined });
      return tree.write(element ?? {}, changes, env);
    },
  };
}

function assign(field: Field, value: unknown, writing: { now: Now; changes: Slots; made: boolean }): void {
  const { now, changes, made } = writing;
  if (field.spec.readOnly) return;
  if (field.fields) {
    for (const inner of field.fields) assign(inner, ((value ?? {}) as View)[inner.name], writing);
    return;
  }
  const wanted = storedOf(value ?? (made ? field.spec.default : undefined));
  const shown = field.show(now) ?? (made ? undefined : storedOf(standardOf(field.spec)));
  if (!isDeepStrictEqual(wanted, shown)) field.assign(wanted, now, changes);
}

/** An element and what it shows. */
interface Shown {
  element: unknown;
  view: View;
}

/**
 * The element each of the wanted goes into: one that shows the same, else one with the same key. Where all of the key is missing it tells nothing: such a
 * member is known again only where one alone is left of both.
 */
function alike(wanted: View[], standing: Shown[], key: string[]): unknown[] {
  const whole = poolOf(standing, ({ view }) => view);
  const same = wanted.map((one) => whole.take(one));
  const taken = new Set(same);
  const left = standing.filter((one) => !taken.has(one));
  const keyOf = (view: View): unknown[] => key.map((name) => view[name]);
  const isNameless = (view: View): boolean => keyOf(view).every(isUnset);
  const changed = wanted.filter((_, nth) => same[nth] === undefined);
  const alone = [changed, left.map(({ view }) => view)].every((views) => views.filter(isNameless).length === 1);
  const named = poolOf(key.length ? left.filter(({ view }) => alone || !isNameless(view)) : [], ({ view }) => keyOf(view));
  return same.map((one, nth) => (one ?? named.take(keyOf(wanted[nth]!)))?.element);
}

/** A member with every key, as it is shown. */
function filled(members: Field[], member: View): View {
  return Object.fromEntries(
    members.map(({ name, spec, fields }) => {
      const value = isUnset(member[name]) ? unsetOf(spec) : member[name];
      return [name, fields && value !== null ? filled(fields, value as View) : value];
    }),
  );
}

const storedIn = (field: Field, value: unknown, env: Env) => (value === undefined || value === null ? [] : field.stores(value, env));
