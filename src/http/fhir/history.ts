// The history interaction over HTTP: of a resource, a type or the whole system. https://hl7.org/fhir/R4/http.html#history
import { isAllowed } from '../../fhir/access-scope.ts';
import { AUDIT_TYPE } from '../../fhir/audit-search.ts';
import { parseDateRange } from '../../fhir/date-range.ts';
import { invalid, notSupported } from '../../fhir/outcome.ts';
import { SERVED_TYPES } from '../../fhir/types.ts';
import { type HistoryRequest, readHistory as historyOf } from '../../interactions/history.ts';
import { authorize } from '../middleware/authorize.ts';
import { buildHistoryBundle } from './bundle.ts';
import type { FhirCall, FhirResponse } from './fhir-call.ts';
import { buildPageLinks, isFormatParameter, openPageLink } from './page-links.ts';
import { parseSubset } from './subset.ts';

const DEFAULT_COUNT = 100;
const MAX_COUNT = 1000;

type HistoryOptions = Pick<HistoryRequest, 'count' | 'since' | 'at' | 'total'>;

export async function handleHistory(call: FhirCall): Promise<FhirResponse> {
  const { context, type, id } = call;
  const { caller, baseUrl } = context;
  // the history of the system needs the permission to read all types
  if (!type) for (const servedType of SERVED_TYPES) authorize(caller, servedType, 'r');
  const path = `/${[type, id, '_history'].filter(Boolean).join('/')}`;
  const opened = openPageLink(call, path, call.query);
  const parameters = opened?.parameters ?? call.query.filter((parameter) => !isFormatParameter(parameter));
  const { subset, rest } = parseSubset(parameters, type || undefined);
  const page = await historyOf(context, {
    ...parseHistoryOptions(rest),
    ...(type && { type }),
    ...(id && { id }),
    ...(opened?.after && { after: opened.after }),
  });
  const rows = page.rows.map((row) => ({ ...row, body: row.body === null ? null : subset.apply(row.body, row.type) }));
  const links = buildPageLinks(call, { path, parameters }, { opened, next: page.next });
  // who made a version is for those who may read the audit
  const withActor = isAllowed(caller.scopes, AUDIT_TYPE, 's');
  return { status: 200, body: buildHistoryBundle(baseUrl, { ...page, rows }, links, { withActor }) };
}

/** Parameter → its options. Each parameter may occur once. */
const PARAMETERS: Readonly<Record<string, (value: string) => Partial<HistoryOptions>>> = {
  _count: (value) => {
    if (!/^[1-9]\d{0,8}$/.test(value)) throw invalid('_count must be a whole number above 0');
    return { count: Math.min(Number(value), MAX_COUNT) };
  },
  _since: (value) => ({ since: parseRange('_since', value).from }),
  _at: (value) => ({ at: parseRange('_at', value) }),
  // R4 defines _total for searches (https://hl7.org/fhir/R4/search.html#total). For a history, an estimate is the exact number.
  _total: (value) => {
    if (value !== 'none' && value !== 'estimate' && value !== 'accurate') throw invalid('_total must be none, estimate or accurate');
    return { total: value === 'none' ? 'none' : 'accurate' };
  },
};

function parseHistoryOptions(parameters: [string, string][]): HistoryOptions {
  const names = parameters.map(([name]) => name);
  const unknown = names.find((name) => !Object.hasOwn(PARAMETERS, name));
  if (unknown !== undefined) throw notSupported(`history takes ${Object.keys(PARAMETERS).join(', ')}, _summary and _elements`);
  const repeated = names.find((name, at) => names.indexOf(name) !== at);
  if (repeated) throw invalid(`${repeated} may occur only once`);
  let options: HistoryOptions = { count: DEFAULT_COUNT };
  for (const [name, value] of parameters) options = { ...options, ...PARAMETERS[name]!(value) };
  return options;
}

function parseRange(name: string, value: string): { from: string; to: string } {
  const range = parseDateRange(value);
  if (!range) throw invalid(`${name} must be a date or an instant`);
  return range;
}
