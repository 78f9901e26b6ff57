// Reading interactions as HTTP: read, vread, history, search. What they do stands in src/resource.
import { invalid } from '../fhir/outcome.ts';
import { history as historyOf } from '../resource/history.ts';
import { read as readResource } from '../resource/read.ts';
import { search as searchResources } from '../resource/search.ts';
import { vread as readVersion } from '../resource/vread.ts';
import type { Row } from '../store/store.ts';
import { historyBundle, searchBundle } from './bundle.ts';
import type { FhirAnswer, FhirCall } from './fhir-call.ts';
import { isKnown } from './fhir-conditions.ts';

/** ETag and Last-Modified of a version: https://hl7.org/fhir/R4/http.html#versioning */
export const versionFacts = (row: Row): { headers: Record<string, string>; lastModified: string } => ({
  headers: { ETag: `W/"${row.version}"`, 'Last-Modified': new Date(row.lastUpdated).toUTCString() },
  lastModified: row.lastUpdated,
});

/** https://hl7.org/fhir/R4/http.html#read, conditional read: #cread */
export async function read(call: FhirCall): Promise<FhirAnswer> {
  const row = await readResource(call.context, call);
  return isKnown(call, row) ? { status: 304, ...versionFacts(row) } : { status: 200, ...versionFacts(row), body: row.body };
}

/** https://hl7.org/fhir/R4/http.html#vread */
export async function vread({ context, type, id, versionId }: FhirCall): Promise<FhirAnswer> {
  const row = await readVersion(context, { type, id, versionId });
  return { status: 200, ...versionFacts(row), body: row.body };
}

/** https://hl7.org/fhir/R4/http.html#history */
export async function history({ context, query, type, id, seal }: FhirCall): Promise<FhirAnswer> {
  const { count, before } = historyParameters(query, (page) => seal.open(context.caller.tenant, page));
  const page = await historyOf(context, { type, id, count, ...(before !== undefined && { before }) });
  const self = `${context.baseUrl}/${type}/${id}/_history`;
  const next = page.next === undefined ? undefined : `${self}?_page=${seal.close(context.caller.tenant, { count, before: page.next })}`;
  return { status: 200, body: historyBundle(context.baseUrl, page.rows, { self, next }) };
}

function historyParameters(parameters: [string, string][], open: (page: string) => unknown): { count: number; before?: number } {
  let count = 100;
  for (const [name, value] of parameters) {
    if (name === '_page') return open(value) as { count: number; before?: number };
    if (name === '_format' || name === '_pretty') continue;
    if (name !== '_count') throw invalid(`history takes _count, not ${name}`);
    if (!/^[1-9]\d{0,8}$/.test(value)) throw invalid('_count must be a whole number above 0');
    count = Math.min(Number(value), 1000);
  }
  return { count };
}

/** https://hl7.org/fhir/R4/http.html#search by GET */
export const search = (call: FhirCall): Promise<FhirAnswer> => searchWith(call, call.query, false);

/** Search by POST: parameters of the URL and of the form add up. */
export const searchByPost = async (call: FhirCall): Promise<FhirAnswer> =>
  searchWith(call, [...call.query, ...(await call.body.form())], true);

async function searchWith(call: FhirCall, given: [string, string][], hidden: boolean): Promise<FhirAnswer> {
  const { context, type, seal } = call;
  const { tenant } = context.caller;
  const sealed = given.find(([name]) => name === '_page')?.[1];
  const opened =
    sealed === undefined
      ? undefined
      : (seal.open(tenant, sealed) as { type: string; parameters: [string, string][]; after?: (string | null)[] });
  if (opened && opened.type !== type) throw invalid('this page link belongs to another resource type');
  const parameters = (opened?.parameters ?? given).filter(([name]) => name !== '_format' && name !== '_pretty');
  const handling = /handling=lenient/.test(call.header('prefer') ?? '') ? 'lenient' : 'strict';
  const page = await searchResources(context, { type, parameters, handling, ...(opened?.after && { start: { after: opened.after } }) });
  const link = (after?: (string | null)[]): string =>
    `${context.baseUrl}/${type}?_page=${seal.close(tenant, { type, parameters: page.parsed.self, ...(after && { after }) })}`;
  const plainSelf = `${context.baseUrl}/${type}${page.parsed.self.length ? `?${new URLSearchParams(page.parsed.self)}` : ''}`;
  const self = hidden || opened ? link(opened?.after) : plainSelf;
  return { status: 200, body: searchBundle(context.baseUrl, page, { self, next: page.next && link(page.next) }) };
}
