// What a search brings in beside its matches: `_include` (what they refer to) and `_revinclude` (what refers to them), by name or by `*`.
// https://hl7.org/fhir/R4/search.html#include
import { invalid, notSupported } from '../outcome.ts';
import { isServed, SERVED_TYPES, type ServedType } from '../types.ts';
import { leadsOn, linkOf } from './link.ts';
import type { Registry } from './parameters.ts';
import type { Inclusion } from './query.ts';

/** What a value is read with. `types`: of the resources found. `iterate`: it also starts from what has come in by then. */
interface IncludeContext {
  types: readonly ServedType[];
  registry: Registry;
  iterate: boolean;
}

/** `Type:reference[:Target]`, `Type:*[:Target]` or `*`. Nothing comes in by a reference that leads to types which are not served. */
export function include(value: string, { types, registry, iterate }: IncludeContext): Inclusion[] {
  const { source, code, target } = link('_include', value);
  if (source !== '*' && !isServed(source)) throw notSupported('_include names a resource type that is not served');
  const sources = source === '*' ? (iterate ? SERVED_TYPES : types) : SERVED_TYPES.filter((type) => type === source);
  if (!iterate && !sources.some((type) => types.includes(type)))
    throw notSupported(`_include starts from the resources found: ${types.join(' or ')}:…; _include:iterate also from what is included`);
  return sources.flatMap((from) => outward(registry, { from, code, target, iterate }));
}

interface Outward {
  from: ServedType;
  code: string;
  target: string | undefined;
  iterate: boolean;
}

function outward(registry: Registry, { from, code, target, iterate }: Outward): Inclusion[] {
  const links = linksOf(registry, from, code).filter(({ targets }) => target === undefined || targets.includes(target));
  if (target !== undefined && !links.length) throw notSupported(`_include: ${from}.${code} never refers to that type`);
  const types = target === undefined ? SERVED_TYPES.filter((type) => links.some(({ targets }) => targets.includes(type))) : [target];
  const served = types.filter(isServed);
  return served.length
    ? [{ direction: 'include', from: [from], types: served, parameters: links.map(({ number }) => number), iterate }]
    : [];
}

/** `Type:reference[:Target]`, `Type:*[:Target]` or `*`: what refers to the resources found, of that target type. */
export function revinclude(value: string, { types, registry, iterate }: IncludeContext): Inclusion[] {
  const { source, code, target } = link('_revinclude', value);
  if (source !== '*' && !isServed(source)) throw notSupported('_revinclude names a resource type that is not served');
  const starts = (iterate ? SERVED_TYPES : types).filter((type) => target === undefined || type === target);
  const found = (source === '*' ? SERVED_TYPES : [source as ServedType]).flatMap((type) =>
    inward(registry, { type, code, starts, iterate }),
  );
  if (!found.length) throw notSupported(`_revinclude: ${source}.${code} is asked for, but must refer to ${types.join(' or ')}`);
  return found;
}

interface Inward {
  type: ServedType;
  code: string;
  starts: readonly ServedType[];
  iterate: boolean;
}

function inward(registry: Registry, { type, code, starts, iterate }: Inward): Inclusion[] {
  const links = linksOf(registry, type, code).filter(({ targets }) => starts.some((start) => targets.includes(start)));
  const from = starts.filter((start) => links.some(({ targets }) => targets.includes(start)));
  return links.length ? [{ direction: 'revinclude', from, types: [type], parameters: links.map(({ number }) => number), iterate }] : [];
}

/** The reference parameters of a type behind a name or `*`. */
function linksOf(registry: Registry, type: ServedType, code: string): { number: number; targets: string[] }[] {
  if (code !== '*') return [linkOf(registry, type, code)];
  return registry
    .list(type)
    .filter(leadsOn)
    .map(({ number, targets = [] }) => ({ number, targets }));
}

interface Link {
  source: string;
  code: string;
  target?: string;
}

function link(name: string, value: string): Link {
  if (value === '*') return { source: '*', code: '*' };
  const [source = '', code = '', target, more] = value.split(':');
  if (!source || !code || source === '*' || target === '' || more !== undefined)
    throw invalid(`${name} is written ${name}=Type:reference, Type:reference:Target, Type:* or *`);
  return { source, code, ...(target !== undefined && { target }) };
}
