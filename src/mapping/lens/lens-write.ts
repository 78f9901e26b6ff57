// view → resource: what a view asks for becomes changes of the paths it stands at, done in one walk. A field that shows already what is wanted is not
// touched, so writing back what was read changes nothing, however it came to be stored.
import { isDeepStrictEqual } from 'node:util';
import { isPrimitive } from '../../fhir/elements.ts';
import type { Aliases } from '../../fhir/path/path.ts';
import type { Resource } from '../../fhir/types.ts';
import type { Env, View } from '../shape.ts';
import type { FieldSpec } from '../spec.ts';
import type { Field, Now } from './field.ts';
import { FOLLOWINGS } from './followings.ts';
import { type Also, isServerValue, nowOf, type Parts, standardOf, storedOf } from './lens-read.ts';
import type { Slots } from './path-tree.ts';

interface Writing {
  now: Now;
  changes: Slots;
  server: boolean;
  /** Nothing stands for a missing value: it is written. */
  bare: boolean;
  /** The item is being made, or adopted: it has no id yet. */
  made: boolean;
}

/** The resource with the view put in: exactly what the view names (`server`), or all that a client may write. Elements the mapping does not name stay. */
export function written(
  parts: Parts,
  view: View,
  { into, env, server, bare }: { into: Resource | undefined; env: Env; server: boolean; bare: boolean },
): Resource {
  const resource: Resource = into ?? { resourceType: parts.mapping.resource };
  const before = nowOf(parts, resource, { env, view });
  const id = parts.fields.find((field) => field.name === parts.idName);
  const made = id ? id.show(before) === undefined : into === undefined;
  // a new item stores the brand that its request says, also where the default one would be shown without it
  const now = made && env.defaultBrand ? nowOf(parts, resource, { env: { ...env, defaultBrand: undefined }, view }) : before;
  const writing: Writing = { now, changes: [], server, bare, made };
  for (const field of parts.fields) writeField(parts, field, view, writing);
  settle(parts.fields, view, writing);
  const { aliases } = parts.names.scope;
  for (const one of parts.also) if (!isWhole(one)) writeAlso(one, writing, aliases);
  const changed = parts.tree.write(resource, writing.changes, now.env);
  return parts.also.filter(isWhole).reduce((out, one) => withAlso(out, one, now, aliases), changed);
}

const KEEP = Symbol('keep');

function writeField(parts: Parts, field: Field, view: View, writing: Writing): void {
  const wanted = wantedOf(field, view, writing);
  if (wanted === KEEP) return;
  if (field.fields) {
    for (const inner of field.fields) writeField(parts, inner, (wanted ?? {}) as View, { ...writing, server: false });
    return;
  }
  const { now, changes, made, bare } = writing;
  const shown = field.show(now) ?? (made || bare ? undefined : storedOf(standardOf(field.spec)));
  if (wanted === shown || isDeepStrictEqual(wanted, shown)) return;
  field.assign(wanted, now, changes);
  const link = parts.links.get(field);
  if (link !== undefined) changes[link] = [];
}

/** What a field needs beyond its own changes, once those of all others are known. */
function settle(fields: Field[], view: View, writing: Writing): void {
  for (const field of fields) {
    const wanted = field.settle || field.fields ? wantedOf(field, view, writing) : KEEP;
    if (wanted === KEEP) continue;
    if (field.fields) settle(field.fields, (wanted ?? {}) as View, { ...writing, server: false });
    field.settle?.(wanted, writing.now, writing.changes);
  }
}

/** The value a field shall show; undefined: none; KEEP: it is not this write's business. */
function wantedOf(field: Field, view: View, { server, made, now }: Writing): unknown {
  const { name, spec, paths } = field;
  if (server && !(name in view)) return KEEP;
  if (spec.follows && made && !server) return followed(field, view, now) ?? KEEP;
  if (server || (!spec.readOnly && paths[0]?.variable === undefined)) {
    if (isLeftOut(spec) && view[name] === undefined) return KEEP;
    const standard = made ? standing(spec.default, now) : name in view ? undefined : standardOf(spec);
    return storedOf(view[name] ?? standard);
  }
  if (!made || storedOf(spec.default) === undefined || field.show(now) !== undefined) return KEEP;
  return standing(spec.default, now);
}

/** What stands for a missing value when an item is made. */
const standing = (standard: unknown, { env }: Now): unknown => (isServerValue(standard) ? env[standard.slice(1)] : standard);

/** What follows from the rest of what an item says; a value that stands already is somebody's. */
function followed(field: Field, view: View, now: Now): unknown {
  const { as, ...parts } = field.spec.follows!;
  if (field.show(now) !== undefined) return undefined;
  const code = FOLLOWINGS[as]!.codeOf(Object.fromEntries(Object.entries(parts).map(([part, name]) => [part, view[name]])));
  return code === undefined ? undefined : field.codec.read(code, now.env);
}

/** Fields that a view may lack without saying that they have no value. */
const isLeftOut = ({ writeOnly, onlyIn, omit }: FieldSpec): boolean => writeOnly === true || onlyIn === 'update' || omit !== undefined;

/** What is written and never shown: with a condition it is there as long as that leads to something, without one it comes with a new item. */
function writeAlso(one: Also, { now, changes, made }: Writing, aliases: Aliases): void {
  const stands = now.slots[one.slot]!;
  const condition = one.while && (changes[one.while.slot] ?? now.slots[one.while.slot]!);
  if (!condition && (!made || stands.length)) return;
  const value = () =>
    one.copied ? (changes[one.copied.slot] ?? now.slots[one.copied.slot]!) : [filled(one.spec.value!, now.env, aliases)];
  const wanted = !condition || condition.length ? value() : [];
  if (!isDeepStrictEqual(stands, wanted)) changes[one.slot] = wanted;
}

/** The same where the condition is a whole element: only the written resource tells whether it is there. */
function withAlso(resource: Resource, { spec, path, copied, while: condition }: Also, { env }: Now, aliases: Aliases): Resource {
  const value = () => (copied ? copied.path.get(resource, env) : [filled(spec.value!, env, aliases)]);
  const wanted = condition!.path.get(resource, env).length ? value() : [];
  return isDeepStrictEqual(path.get(resource, env), wanted) ? resource : path.put(resource, wanted, env);
}

/** Whether a condition is an element with others below it. */
const isWhole = (one: Also): boolean => one.while !== undefined && !isPrimitive(one.while.path.type);

/** A value with its %names put in. */
const filled = (value: string | boolean, env: Env, aliases: Aliases): string | boolean =>
  typeof value === 'string' ? value.replace(/%(\w+)/g, (_, name: string) => aliases[name] ?? String(env[name])) : value;
