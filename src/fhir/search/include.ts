// What a search brings in beside its matches: `_include` (what they refer to) and `_revinclude` (what refers to them), by name or by `*`.
// https://hl7.org/fhir/R4/search.html#include
import { invalid, notSupported } from '../outcome.ts';
import { isServed, SERVED_TYPES, type ServedType } from '../types.ts';
import type { Inclusion } from './query.ts';
import { findReferenceParameter, isFollowable } from './reference-parameter.ts';
import type { SearchRegistry } from './registry.ts';

/** What a value is read with. `types`: of the resources found. `iterate`: it also starts from what has come in by then. */
interface IncludeContext {
  types: readonly ServedType[];
  registry: SearchRegistry;
  iterate: boolean;
}

/** `Type:reference[:Target]`, `Type:*[:Target]` or `*`. Nothing comes in by a reference that leads to types which are not served. */
export function parseInclude(value: string, { types, registry, iterate }: IncludeContext): Inclusion[] {
  const { source, code, target } = parseIncludeLink('_include', value);
  if (source !== '*' && !isServed(source)) throw notSupported('_include names a resource type that is not served');
  const sources = source === '*' ? (iterate ? SERVED_TYPES : types) : SERVED_TYPES.filter((type) => type === source);
  if (!iterate && !sources.some((type) => types.includes(type)))
    throw notSupported(`_include starts from the resources found: ${types.join(' or ')}:…; _include:iterate also from what is included`);
  return sources.flatMap((from) => buildInclude(registry, { from, code, target, iterate }));
}

interface ForwardInclude {
  from: ServedType;
  code: string;
  target: string | undefined;
  iterate: boolean;
}

function buildInclude(registry: SearchRegistry, { from, code, target, iterate }: ForwardInclude): Inclusion[] {
  const links = findLinks(registry, from, code).filter(({ targets }) => target === undefined || targets.includes(target));
  if (target !== undefined && !links.length) throw notSupported(`_include: ${from}.${code} never refers to that type`);
  const types = target === undefined ? SERVED_TYPES.filter((type) => links.some(({ targets }) => targets.includes(type))) : [target];
  const served = types.filter(isServed);
  return served.length
    ? [{ direction: 'include', from: [from], types: served, parameters: links.map(({ number }) => number), iterate }]
    : [];
}

/** `Type:reference[:Target]`, `Type:*[:Target]` or `*`: what refers to the resources found, of that target type. */
export function parseRevinclude(value: string, { types, registry, iterate }: IncludeContext): Inclusion[] {
  const { source, code, target } = parseIncludeLink('_revinclude', value);
  if (source !== '*' && !isServed(source)) throw notSupported('_revinclude names a resource type that is not served');
  const starts = (iterate ? SERVED_TYPES : types).filter((type) => target === undefined || type === target);
  const found = (source === '*' ? SERVED_TYPES : [source].filter(isServed)).flatMap((type) =>
    buildRevinclude(registry, { type, code, starts, iterate }),
  );
  if (!found.length) throw notSupported(`_revinclude: ${source}.${code} is asked for, but must refer to ${types.join(' or ')}`);
  return found;
}

interface ReverseInclude {
  type: ServedType;
  code: string;
  starts: readonly ServedType[];
  iterate: boolean;
}

function buildRevinclude(registry: SearchRegistry, { type, code, starts, iterate }: ReverseInclude): Inclusion[] {
  const links = findLinks(registry, type, code).filter(({ targets }) => starts.some((start) => targets.includes(start)));
  const from = starts.filter((start) => links.some(({ targets }) => targets.includes(start)));
  return links.length ? [{ direction: 'revinclude', from, types: [type], parameters: links.map(({ number }) => number), iterate }] : [];
}

/** The reference parameters of a type behind a name or `*`. */
function findLinks(registry: SearchRegistry, type: ServedType, code: string): { number: number; targets: string[] }[] {
  if (code !== '*') return [findReferenceParameter(registry, type, code)];
  return registry
    .list(type)
    .filter(isFollowable)
    .map(({ number, targets = [] }) => ({ number, targets }));
}

interface IncludeLink {
  source: string;
  code: string;
  target?: string;
}

function parseIncludeLink(name: string, value: string): IncludeLink {
  if (value === '*') return { source: '*', code: '*' };
  const [source = '', code = '', target, more] = value.split(':');
  if (!source || !code || source === '*' || target === '' || more !== undefined)
    throw invalid(`${name} is written ${name}=Type:reference, Type:reference:Target, Type:* or *`);
  return { source, code, ...(target !== undefined && { target }) };
}
