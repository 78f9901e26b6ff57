// Parses `_include` (resources that the matches refer to) and `_revinclude` (resources that refer to the matches), by parameter or by `*`.
// https://hl7.org/fhir/R4/search.html#include
import { invalid, notSupported } from '../outcome.ts';
import { isServed, SERVED_TYPES, type ServedType } from '../types.ts';
import type { Inclusion } from './query.ts';
import { findReferenceParameter, isFollowable } from './reference-parameter.ts';
import type { SearchRegistry } from './registry.ts';

/** The inputs of parsing. `types`: the types of the matches. `iterate`: included resources are also a start. */
interface IncludeContext {
  types: readonly ServedType[];
  registry: SearchRegistry;
  iterate: boolean;
}

/** `Type:reference[:Target]`, `Type:*[:Target]` or `*`. References to types that are not served include nothing. */
export function parseInclude(value: string, { types, registry, iterate }: IncludeContext): Inclusion[] {
  const { source, code, target } = parseIncludeLink('_include', value);
  if (source !== '*' && !isServed(source)) throw notSupported('_include names a resource type that is not served');
  const sources = source === '*' ? (iterate ? SERVED_TYPES : types) : SERVED_TYPES.filter((type) => type === source);
  if (!iterate && !sources.some((type) => types.includes(type)))
    throw notSupported(
      `_include must start from a type of the search (${types.join(' or ')}:…); only _include:iterate may start from included resources`,
    );
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

/** `Type:reference[:Target]`, `Type:*[:Target]` or `*`: includes the resources that refer to the matches of the target type. */
export function parseRevinclude(value: string, { types, registry, iterate }: IncludeContext): Inclusion[] {
  const { source, code, target } = parseIncludeLink('_revinclude', value);
  if (source !== '*' && !isServed(source)) throw notSupported('_revinclude names a resource type that is not served');
  const starts = (iterate ? SERVED_TYPES : types).filter((type) => target === undefined || type === target);
  const found = (source === '*' ? SERVED_TYPES : [source].filter(isServed)).flatMap((type) =>
    buildRevinclude(registry, { type, code, starts, iterate }),
  );
  if (!found.length) throw notSupported(`_revinclude: ${source}.${code} does not refer to ${types.join(' or ')}`);
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

/** The reference parameters of a type with this code, or all of them for `*`. */
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
    throw invalid(`${name} must be Type:reference, Type:reference:Target, Type:* or *`);
  return { source, code, ...(target !== undefined && { target }) };
}
