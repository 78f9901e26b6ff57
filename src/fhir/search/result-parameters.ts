// Parses the parameters that control the result of a search: _sort, _count, _total, _summary, _include, _revinclude.
// https://hl7.org/fhir/R4/search.html#return

import type { ParameterKind } from '../indexing/indexed-parameter.ts';
import { invalid, notSupported } from '../outcome.ts';
import type { ServedType } from '../types.ts';
import { buildUnknownParameterError } from './errors.ts';
import { parseInclude, parseRevinclude } from './include.ts';
import type { Query, SortKey } from './query.ts';
import type { SearchParameter, SearchRegistry } from './registry.ts';

export const DEFAULT_COUNT = 20;
export const MAX_COUNT = 1000;

/** The part of a query that a result parameter sets. `used`: the applied value if it differs from the sent one. */
export interface SearchResultOptions extends Partial<Pick<Query, 'sort' | 'count' | 'total' | 'include'>> {
  summary?: 'count';
  used?: string;
}

interface ResultContext {
  type: ServedType;
  /** All types of the search. */
  types: readonly ServedType[];
  registry: SearchRegistry;
  modifier: string | undefined;
}

type ResultParameterParser = (value: string, context: ResultContext) => SearchResultOptions;

/** Result parameter → its modifiers. */
export const RESULT_MODIFIERS: Readonly<Record<string, readonly string[]>> = { _include: ['iterate'], _revinclude: ['iterate'] };

const toIncludeContext = ({ types, registry, modifier }: ResultContext) => ({ types, registry, iterate: modifier === 'iterate' });

/** Result parameter → parser of its value. */
export const RESULT_PARAMETERS: Record<string, ResultParameterParser> = {
  _sort: (value, context) => ({ sort: parseSortKeys(value, context) }),
  _count: (value) => {
    if (!/^\d{1,15}$/.test(value)) throw invalid('_count must be a whole number, 0 or more');
    return { count: Math.min(Number(value), MAX_COUNT), used: String(Math.min(Number(value), MAX_COUNT)) };
  },
  _total: (value) => {
    if (value !== 'none' && value !== 'estimate' && value !== 'accurate') throw invalid('_total must be none, estimate or accurate');
    return { total: value };
  },
  _summary: (value) => {
    if (value === 'false') return {};
    if (value === 'count') return { count: 0, summary: 'count' };
    throw notSupported('_summary must be count or false');
  },
  _include: (value, context) => ({ include: parseInclude(value, toIncludeContext(context)) }),
  _revinclude: (value, context) => ({ include: parseRevinclude(value, toIncludeContext(context)) }),
};

/** Result parameters that may occur several times. */
export const REPEATABLE_PARAMETERS: ReadonlySet<string> = new Set(['_include', '_revinclude']);

type SortKind = Extract<SortKey, { parameter: number }>['by'];
/** Kind of parameter → kind of sort key. */
const SORT_KINDS: Partial<Record<ParameterKind, SortKind>> = {
  string: 'string',
  uri: 'string',
  date: 'date',
  number: 'number',
  quantity: 'quantity',
  token: 'token',
  reference: 'reference',
};

/** Whether `_sort` supports a parameter. */
export const isSortable = ({ type, phonetic, fullText }: SearchParameter): boolean =>
  SORT_KINDS[type] !== undefined && !phonetic && !fullText;

/** Each key is one more join. */
const MAX_SORT_KEYS = 10;

function parseSortKeys(value: string, { type, registry }: ResultContext): SortKey[] {
  const keys = value.split(',');
  if (keys.length > MAX_SORT_KEYS) throw invalid(`_sort may have at most ${MAX_SORT_KEYS} parameters`);
  return keys.map((key) => parseSortKey(key, type, registry));
}

function parseSortKey(key: string, type: ServedType, registry: SearchRegistry): SortKey {
  const descending = key.startsWith('-');
  const code = descending ? key.slice(1) : key;
  if (code === '_id') return { by: 'id', descending };
  if (code === '_lastUpdated') return { by: 'lastUpdated', descending };
  const parameter = registry.lookup(type, code);
  if (!parameter) throw buildUnknownParameterError(registry, type, code);
  const { number, shared } = parameter;
  if (isSortable(parameter))
    return { by: SORT_KINDS[parameter.type]!, parameter: number, descending, ...(shared && !shared.isOrdered && { shared }) };
  const sortable = registry.list(type).filter(isSortable);
  throw notSupported(`${type} cannot be sorted by ${code}; it can be sorted by ${sortable.map((other) => other.code).join(', ')}`);
}
