// The parameters that say how a search is answered, not what is found: _sort, _count, _total, _summary, _include, _revinclude.
// https://hl7.org/fhir/R4/search.html#return
import { invalid, notSupported } from './outcome.ts';
import type { Inclusion, Query, SortKey } from './query.ts';
import { linkOf } from './search-condition.ts';
import type { Registry, SearchParameter } from './search-parameters.ts';
import { unknownParameter } from './search-refusal.ts';
import { isServed, type ServedType } from './types.ts';

export const DEFAULT_COUNT = 20;
export const MAX_COUNT = 1000;

/** What one of them changes; `summary` and `used` (the value as it was understood, if it is another) are for the answer's frame. */
export interface Result extends Partial<Pick<Query, 'sort' | 'count' | 'total' | 'include'>> {
  summary?: 'count';
  used?: string;
}

type Reader = (value: string, type: ServedType, registry: Registry) => Result;

/** Result parameter → how its value is read. */
export const RESULT_PARAMETERS: Record<string, Reader> = {
  _sort: (value, type, registry) => ({ sort: value.split(',').map((key) => sortKey(key, type, registry)) }),
  _count: (value) => {
    if (!/^\d{1,15}$/.test(value)) throw invalid('_count takes a whole number, 0 or more');
    return { count: Math.min(Number(value), MAX_COUNT), used: String(Math.min(Number(value), MAX_COUNT)) };
  },
  _total: (value) => {
    if (value !== 'none' && value !== 'estimate' && value !== 'accurate') throw invalid('_total takes none, estimate or accurate');
    return { total: value };
  },
  _summary: (value) => {
    if (value === 'false') return {};
    if (value === 'count') return { count: 0, summary: 'count' };
    throw notSupported('_summary takes count or false');
  },
  _include: (value, type, registry) => ({ include: include(value, type, registry) }),
  _revinclude: (value, type, registry) => ({ include: [revinclude(value, type, registry)] }),
};

/** Those that may stand several times. */
export const REPEATABLE: ReadonlySet<string> = new Set(['_include', '_revinclude']);

const SORTS: Record<string, 'string' | 'date' | 'number'> = { string: 'string', date: 'date', number: 'number', quantity: 'number' };

const isSortable = ({ code, type, phonetic }: SearchParameter): boolean => code === '_id' || (Object.hasOwn(SORTS, type) && !phonetic);

function sortKey(key: string, type: ServedType, registry: Registry): SortKey {
  const descending = key.startsWith('-');
  const code = descending ? key.slice(1) : key;
  if (code === '_id') return { by: 'id', descending };
  if (code === '_lastUpdated') return { by: 'lastUpdated', descending };
  const parameter = registry.lookup(type, code);
  if (!parameter) throw unknownParameter(registry, type, code);
  if (isSortable(parameter)) return { by: SORTS[parameter.type]!, parameter: parameter.number, descending };
  const sortable = registry.list(type).filter(isSortable);
  throw notSupported(`${type} cannot be sorted by ${code}, but by ${sortable.map((other) => other.code).join(', ')}`);
}

/** `_include=Type:reference[:Target]`: what the matches refer to; nothing comes in by a reference that leads to types which are not served. */
function include(value: string, type: ServedType, registry: Registry): Inclusion[] {
  const { source, code, target } = link('_include', value);
  if (source !== type) throw notSupported(`_include starts from the resources found: ${type}:…`);
  const { number, targets } = linkOf(registry, source, code);
  if (target !== undefined && !targets.includes(target)) throw notSupported(`_include: ${source}.${code} never refers to that type`);
  const types = (target === undefined ? targets : [target]).filter(isServed);
  return types.length ? [{ direction: 'include', types, source: type, parameter: number }] : [];
}

/** `_revinclude=Type:reference[:Target]`: what refers to the matches. */
function revinclude(value: string, type: ServedType, registry: Registry): Inclusion {
  const { source, code, target = type } = link('_revinclude', value);
  if (!isServed(source)) throw notSupported('_revinclude names a resource type that is not served');
  const { number, targets } = linkOf(registry, source, code);
  if (target !== type || !targets.includes(type))
    throw notSupported(`_revinclude: ${source}.${code} is asked for, but must refer to ${type}`);
  return { direction: 'revinclude', types: [source], source: type, parameter: number };
}

function link(name: string, value: string): { source: string; code: string; target?: string } {
  const [source = '', code = '', target, more] = value.split(':');
  if (source === '*' || code === '*') throw notSupported(`${name} by * is not served: name the reference`);
  if (!source || !code || target === '' || more !== undefined)
    throw invalid(`${name} is written ${name}=Type:reference or Type:reference:Target`);
  return { source, code, ...(target !== undefined && { target }) };
}
