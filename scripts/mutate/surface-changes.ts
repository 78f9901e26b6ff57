// Faults in a surface: another envelope, another answer to a failure, other names and numbers of paging and limits, ids under another prefix.
import type { SurfaceSpec } from '../../src/mapping/spec.ts';
import type { PlacedChange } from './mapping-changes.ts';
import { applyChange, type Change, removal } from './mutant.ts';

/** A surface with one fault. */
export interface SurfaceMutant {
  name: string;
  content: SurfaceSpec;
}

/** Every mutant of a surface, each once. */
export function listSurfaceMutants(content: SurfaceSpec): SurfaceMutant[] {
  const named = listSurfaceChanges(content).map(({ keys, change }): [string, SurfaceMutant] => {
    const name = `${keys.join('.')}: ${change.what}`;
    return [name, { name, content: applyChange<SurfaceSpec>(content, keys, change.value) }];
  });
  return [...new Map(named).values()];
}

const at = (keys: string[], change: Change): PlacedChange => ({ keys, change });
const to = (value: unknown): Change => ({ what: JSON.stringify(value), value });

function listSurfaceChanges({
  envelope,
  headers = {},
  errors,
  ids,
  page,
  rateLimit,
  auth,
  hosts,
  mounts = [],
  systems,
  nulls,
  patch,
  order,
}: SurfaceSpec): PlacedChange[] {
  return [
    ...listTemplateChanges(envelope, ['envelope']),
    ...listTemplateChanges(headers, ['headers']),
    ...Object.entries(errors).flatMap(([kind, { status, code, says, body }]) => [
      at(['errors', kind, 'status'], to(status === 418 ? 400 : 418)),
      at(['errors', kind, 'code'], to(`${code}x`)),
      ...(says === undefined ? [] : [at(['errors', kind, 'says'], removal())]),
      ...(body === undefined ? [] : [at(['errors', kind, 'body'], removal()), ...listTemplateChanges(body, ['errors', kind, 'body'])]),
    ]),
    ...Object.entries(page).flatMap(([name, value]) => listPlainChanges(value).map((change) => at(['page', name], change))),
    ...(rateLimit === null ? [at(['rateLimit'], to({ limit: 1, seconds: 1 }))] : [at(['rateLimit'], to(null))]),
    ...Object.entries(rateLimit ?? {}).map(([name, value]) =>
      at(['rateLimit', name], typeof value === 'number' ? to(value + 1) : removal()),
    ),
    ...Object.entries(ids?.prefixes ?? {}).flatMap(([type, prefix]) => [
      at(['ids', 'prefixes', type], removal()),
      at(['ids', 'prefixes', type], to(`${prefix}x`)),
    ]),
    ...(ids ? [at(['ids'], removal()), at(['ids', 'width'], to(ids.width + 1))] : []),
    at(['auth', 'scheme'], to(auth.scheme === 'bearer' ? 'api-key' : 'bearer')),
    at(['auth', 'header'], to(`${auth.header}-x`)),
    at(['auth', 'prefix'], to(`${auth.prefix}x`)),
    ...hosts.map((_, index) => at(['hosts', String(index)], removal(`without ${hosts[index]}`))),
    ...mounts.map((_, index) => at(['mounts', String(index)], removal(`without ${mounts[index]}`))),
    ...listAliasChanges(systems),
    ...(nulls === undefined ? [] : [at(['nulls'], to(nulls === 'unset' ? 'refused' : 'unset'))]),
    ...(patch === undefined ? [] : [at(['patch'], to(patch === 'merge' ? 'replace' : 'merge'))]),
    at(['order'], to(order + 1)),
  ];
}

/** A name less, one exchanged with another value of the answer, a literal changed: at every place of a template. */
export function listTemplateChanges(template: unknown, keys: string[]): PlacedChange[] {
  if (typeof template === 'string')
    return [at(keys, to(template.startsWith('$') ? (template === '$requestId' ? '$time' : '$requestId') : `${template}x`))];
  if (typeof template !== 'object' || template === null) return [];
  return Object.entries(template).flatMap(([key, value]) => [
    ...(keys.length > 1 || keys[0] === 'headers' ? [at([...keys, key], removal())] : []),
    ...(key.startsWith('$') ? [] : listTemplateChanges(value, [...keys, key])),
  ]);
}

function listPlainChanges(value: unknown): Change[] {
  if (typeof value === 'boolean') return [to(!value)];
  return typeof value === 'number' ? [to(value + 1)] : [to(`${value}x`)];
}

/** An alias less, and one that stands for what the next one stands for. */
function listAliasChanges(systems: Record<string, string>): PlacedChange[] {
  const names = Object.keys(systems);
  return names.flatMap((name, index) => [
    at(['systems', name], removal()),
    ...(names.length > 1 ? [at(['systems', name], to(systems[names[(index + 1) % names.length]!]))] : []),
  ]);
}
