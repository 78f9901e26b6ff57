// History as HTTP, of a resource, a type or everything. https://hl7.org/fhir/R4/http.html#history
import { dateRange } from '../../fhir/date-range.ts';
import { invalid, notSupported } from '../../fhir/outcome.ts';
import { SERVED_TYPES } from '../../fhir/types.ts';
import { type HistoryRequest, history as historyOf } from '../../interactions/history.ts';
import { authorize } from '../middleware/authenticate.ts';
import { historyBundle } from './bundle.ts';
import type { FhirAnswer, FhirCall } from './fhir-call.ts';
import { subsetOf } from './subset.ts';

const DEFAULT_COUNT = 100;
const MOST = 1000;

type Asked = Pick<HistoryRequest, 'count' | 'since' | 'at' | 'after'>;

/** What the answer is made of, as a page link remembers it. */
interface Page {
  path: string;
  asked: Asked;
}

export async function history(call: FhirCall): Promise<FhirAnswer> {
  const { context, seal, type, id } = call;
  const { caller, baseUrl } = context;
  // of everything: who may read all of it
  if (!type) for (const one of SERVED_TYPES) authorize(caller, one, 'r');
  const path = `/${[type, id, '_history'].filter(Boolean).join('/')}`;
  const { subset, rest } = subsetOf(call.query, type || undefined);
  const asked = askedOf(rest, path, (page) => seal.open(caller.tenant, page) as Page);
  const { rows, next } = await historyOf(context, { ...asked, ...(type && { type }), ...(id && { id }) });
  const shown = subset.parameters.map(([name, value]) => `&${name}=${encodeURIComponent(value)}`).join('');
  const link = (page: Asked): string => `${baseUrl}${path}?_page=${seal.close(caller.tenant, { path, asked: page })}${shown}`;
  const links = { self: selfOf(call, path, () => link(asked)), next: next && link({ ...asked, after: next }) };
  const seen = rows.map((row) => ({ ...row, body: row.body === null ? null : subset.of(row.body, row.type) }));
  return { status: 200, body: historyBundle(baseUrl, seen, links) };
}

function selfOf({ query, context }: FhirCall, path: string, sealed: () => string): string {
  const used = query.filter(([name]) => !FRAME.has(name));
  if (used.some(([name]) => name === '_page')) return sealed();
  return `${context.baseUrl}${path}${used.length ? `?${new URLSearchParams(used)}` : ''}`;
}

const FRAME = new Set(['_format', '_pretty']);

/** History parameter → what its value asks for. "Each of these parameters at most once." */
const PARAMETERS: Readonly<Record<string, (value: string) => Partial<Asked>>> = {
  _count: (value) => {
    if (!/^[1-9]\d{0,8}$/.test(value)) throw invalid('_count must be a whole number above 0');
    return { count: Math.min(Number(value), MOST) };
  },
  _since: (value) => ({ since: rangeOf('_since', value).from }),
  _at: (value) => ({ at: rangeOf('_at', value) }),
};

function askedOf(query: [string, string][], path: string, open: (page: string) => Page): Asked {
  const given = query.filter(([name]) => !FRAME.has(name));
  const page = given.find(([name]) => name === '_page')?.[1];
  if (page !== undefined) {
    const opened = open(page);
    if (opened.path !== path) throw invalid('this page link belongs to another history');
    return opened.asked;
  }
  const names = given.map(([name]) => name);
  const unknown = names.find((name) => !Object.hasOwn(PARAMETERS, name));
  if (unknown !== undefined) throw notSupported(`history takes ${Object.keys(PARAMETERS).join(', ')}, _summary and _elements`);
  const repeated = names.find((name, at) => names.indexOf(name) !== at);
  if (repeated) throw invalid(`${repeated} may stand only once`);
  return Object.assign({ count: DEFAULT_COUNT }, ...given.map(([name, value]) => PARAMETERS[name]!(value))) as Asked;
}

function rangeOf(name: string, value: string): { from: string; to: string } {
  const range = dateRange(value);
  if (!range) throw invalid(`${name} must be a date or an instant`);
  return range;
}
