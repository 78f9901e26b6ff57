// View → resource: collects the changes of all fields, then applies them in one walk over the resource. A field that already shows the wanted value is not
// changed, so writing back what was read changes nothing, in whatever form it is stored.

import { isDeepStrictEqual } from 'node:util';
import { isPrimitive } from '../../fhir/elements.ts';
import { toRecord } from '../../fhir/json-values.ts';
import type { Resource } from '../../fhir/types.ts';
import type { Aliases } from '../../fhir/writable-path/path.ts';
import type { Env, View } from '../shape.ts';
import type { FieldSpec } from '../spec.ts';
import { CODE_DERIVATIONS } from './code-derivations.ts';
import type { Field, ResourceState } from './field.ts';
import { findDefault, type HiddenWrite, isServerValue, type LensParts, readState, toStoredValue } from './lens-read.ts';
import type { Slots } from './path-tree.ts';

interface WriteContext {
  state: ResourceState;
  changes: Slots;
  server: boolean;
  /** Whether a value that equals the default is written too. */
  bare: boolean;
  /** Whether the item is new: it has no id yet. */
  isNew: boolean;
}

/** Writes the view into the resource: exactly its fields (`server`), or all fields that a client may write. Other elements stay. */
export function writeView(
  parts: LensParts,
  view: View,
  { into, env, server, bare }: { into: Resource | undefined; env: Env; server: boolean; bare: boolean },
): Resource {
  const resource: Resource = into ?? { resourceType: parts.mapping.resource };
  const before = readState(parts, resource, { env, view });
  const id = parts.fields.find((field) => field.name === parts.idName);
  const isCreated = id ? id.read(before) === undefined : into === undefined;
  // a new item stores the brand of its request even when it equals the default brand
  const now = isCreated && env.defaultBrand ? readState(parts, resource, { env: { ...env, defaultBrand: undefined }, view }) : before;
  const writing: WriteContext = { state: now, changes: [], server, bare, isNew: isCreated };
  for (const field of parts.fields) writeField(parts, field, view, writing);
  finishFields(parts.fields, view, writing);
  const { aliases } = parts.names.scope;
  for (const hidden of parts.also) if (!dependsOnElement(hidden)) writeHidden(hidden, writing, aliases);
  const changed = parts.tree.write(resource, writing.changes, now.env);
  return parts.also.filter(dependsOnElement).reduce((out, hidden) => applyHidden(out, hidden, now, aliases), changed);
}

const KEEP = Symbol('keep');

function writeField(parts: LensParts, field: Field, view: View, writing: WriteContext): void {
  const newValue = findWantedValue(field, view, writing);
  if (newValue === KEEP) return;
  if (field.fields) {
    for (const inner of field.fields) writeField(parts, inner, toRecord(newValue), { ...writing, server: false });
    return;
  }
  const { state, changes, isNew, bare } = writing;
  const currentValue = field.read(state) ?? (isNew || bare ? undefined : toStoredValue(findDefault(field.spec)));
  if (newValue === currentValue || isDeepStrictEqual(newValue, currentValue)) return;
  field.assign(newValue, state, changes);
  const link = parts.links.get(field);
  if (link !== undefined) changes[link] = [];
}

/** Second pass: changes that depend on the changes of all other fields. */
function finishFields(fields: Field[], view: View, writing: WriteContext): void {
  for (const field of fields) {
    const newValue = field.finish || field.fields ? findWantedValue(field, view, writing) : KEEP;
    if (newValue === KEEP) continue;
    if (field.fields) finishFields(field.fields, toRecord(newValue), { ...writing, server: false });
    field.finish?.(newValue, writing.state, writing.changes);
  }
}

/** The value that the field must show; undefined: none; KEEP: leave it unchanged. */
function findWantedValue(field: Field, view: View, { server, isNew, state }: WriteContext): unknown {
  const { name, spec, paths } = field;
  if (server && !(name in view)) return KEEP;
  if (spec.follows && isNew && !server) return deriveValue(field, view, state) ?? KEEP;
  if (server || (!spec.readOnly && paths[0]?.variable === undefined)) {
    if (mayBeOmitted(spec) && view[name] === undefined) return KEEP;
    const standard = isNew ? resolveDefault(spec.default, state) : name in view ? undefined : findDefault(spec);
    return toStoredValue(view[name] ?? standard);
  }
  if (!isNew || toStoredValue(spec.default) === undefined || field.read(state) !== undefined) return KEEP;
  return resolveDefault(spec.default, state);
}

/** The default of a new item. */
const resolveDefault = (standard: unknown, { env }: ResourceState): unknown =>
  isServerValue(standard) ? env[standard.slice(1)] : standard;

/** The value derived from other fields (`follows:`); an existing value is kept. */
function deriveValue(field: Field, view: View, now: ResourceState): unknown {
  const { as, ...parts } = field.spec.follows!;
  if (field.read(now) !== undefined) return undefined;
  const code = CODE_DERIVATIONS[as]!.derive(Object.fromEntries(Object.entries(parts).map(([part, name]) => [part, view[name]])));
  return code === undefined ? undefined : field.codec.read(code, now.env);
}

/** Whether a view may omit the field without unsetting it. */
const mayBeOmitted = ({ writeOnly, onlyIn, omit }: FieldSpec): boolean => writeOnly === true || onlyIn === 'update' || omit !== undefined;

/** Writes an `also:` value: present while its condition has a value; without a condition, written with a new item. */
function writeHidden(hidden: HiddenWrite, { state, changes, isNew }: WriteContext, aliases: Aliases): void {
  const current = state.slots[hidden.slot]!;
  const condition = hidden.while && (changes[hidden.while.slot] ?? state.slots[hidden.while.slot]!);
  if (!condition && (!isNew || current.length)) return;
  const { spec, copied } = hidden;
  let values: unknown[] = [];
  if (!condition || condition.length)
    values = copied ? (changes[copied.slot] ?? state.slots[copied.slot]!) : [substituteNames(spec.value!, state.env, aliases)];
  if (!isDeepStrictEqual(current, values)) changes[hidden.slot] = values;
}

/** Writes an `also:` value whose condition is a complex element: its presence is known only after the write. */
function applyHidden(
  resource: Resource,
  { spec, path, copied, while: condition }: HiddenWrite,
  { env }: ResourceState,
  aliases: Aliases,
): Resource {
  let values: unknown[] = [];
  if (condition!.path.get(resource, env).length)
    values = copied ? copied.path.get(resource, env) : [substituteNames(spec.value!, env, aliases)];
  return isDeepStrictEqual(path.get(resource, env), values) ? resource : path.put(resource, values, env);
}

/** Whether the condition is a complex element. */
const dependsOnElement = (hidden: HiddenWrite): boolean => hidden.while !== undefined && !isPrimitive(hidden.while.path.type);

/** The value with its %names replaced. */
const substituteNames = (value: string | boolean, env: Env, aliases: Aliases): string | boolean =>
  typeof value === 'string' ? value.replace(/%(\w+)/g, (_, name: string) => aliases[name] ?? String(env[name])) : value;
