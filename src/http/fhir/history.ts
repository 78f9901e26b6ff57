// The history interaction over HTTP: of a resource, a type or the whole system. https://hl7.org/fhir/R4/http.html#history
import { parseDateRange } from '../../fhir/date-range.ts';
import { isObject } from '../../fhir/json-values.ts';
import { invalid, notSupported } from '../../fhir/outcome.ts';
import { SERVED_TYPES } from '../../fhir/types.ts';
import { type HistoryRequest, readHistory as historyOf } from '../../interactions/history.ts';
import { authorize } from '../middleware/authorize.ts';
import { buildHistoryBundle } from './bundle.ts';
import type { FhirCall, FhirResponse } from './fhir-call.ts';
import { parseSubset } from './subset.ts';

const DEFAULT_COUNT = 100;
const MAX_COUNT = 1000;

type HistoryOptions = Pick<HistoryRequest, 'count' | 'since' | 'at' | 'after'>;

/** The content of a page link. */
interface HistoryPage {
  path: string;
  asked: HistoryOptions;
}

export async function handleHistory(call: FhirCall): Promise<FhirResponse> {
  const { context, pageTokens, type, id } = call;
  const { caller, baseUrl } = context;
  // the history of the system needs the permission to read all types
  if (!type) for (const servedType of SERVED_TYPES) authorize(caller, servedType, 'r');
  const path = `/${[type, id, '_history'].filter(Boolean).join('/')}`;
  const { subset, rest } = parseSubset(call.query, type || undefined);
  const options = parseHistoryOptions(rest, path, (page) => pageTokens.open(caller.tenant, page));
  const { rows, next } = await historyOf(context, { ...options, ...(type && { type }), ...(id && { id }) });
  const subsetQuery = subset.parameters.map(([name, value]) => `&${name}=${encodeURIComponent(value)}`).join('');
  const link = (page: HistoryOptions): string =>
    `${baseUrl}${path}?_page=${pageTokens.seal(caller.tenant, { path, asked: page })}${subsetQuery}`;
  const links = { self: buildSelfLink(call, path, () => link(options)), next: next && link({ ...options, after: next }) };
  const shownRows = rows.map((row) => ({ ...row, body: row.body === null ? null : subset.apply(row.body, row.type) }));
  return { status: 200, body: buildHistoryBundle(baseUrl, shownRows, links) };
}

function buildSelfLink({ query, context }: FhirCall, path: string, sealed: () => string): string {
  const used = query.filter(([name]) => !FORMAT_PARAMETERS.has(name));
  if (used.some(([name]) => name === '_page')) return sealed();
  return `${context.baseUrl}${path}${used.length ? `?${new URLSearchParams(used)}` : ''}`;
}

const FORMAT_PARAMETERS = new Set(['_format', '_pretty']);

/** Parameter → its options. Each parameter may occur once. */
const PARAMETERS: Readonly<Record<string, (value: string) => Partial<HistoryOptions>>> = {
  _count: (value) => {
    if (!/^[1-9]\d{0,8}$/.test(value)) throw invalid('_count must be a whole number above 0');
    return { count: Math.min(Number(value), MAX_COUNT) };
  },
  _since: (value) => ({ since: parseRange('_since', value).from }),
  _at: (value) => ({ at: parseRange('_at', value) }),
};

function parseHistoryOptions(query: [string, string][], path: string, open: (page: string) => unknown): HistoryOptions {
  const parameters = query.filter(([name]) => !FORMAT_PARAMETERS.has(name));
  const page = parameters.find(([name]) => name === '_page')?.[1];
  if (page !== undefined) {
    const opened = open(page);
    if (!isHistoryPage(opened, path)) throw invalid('this page link belongs to another history');
    return opened.asked;
  }
  const names = parameters.map(([name]) => name);
  const unknown = names.find((name) => !Object.hasOwn(PARAMETERS, name));
  if (unknown !== undefined) throw notSupported(`history takes ${Object.keys(PARAMETERS).join(', ')}, _summary and _elements`);
  const repeated = names.find((name, at) => names.indexOf(name) !== at);
  if (repeated) throw invalid(`${repeated} may occur only once`);
  let options: HistoryOptions = { count: DEFAULT_COUNT };
  for (const [name, value] of parameters) options = { ...options, ...PARAMETERS[name]!(value) };
  return options;
}

const isHistoryPage = (content: unknown, path: string): content is HistoryPage => isObject(content) && content.path === path;

function parseRange(name: string, value: string): { from: string; to: string } {
  const range = parseDateRange(value);
  if (!range) throw invalid(`${name} must be a date or an instant`);
  return range;
}
