// The FHIR interactions as HTTP: headers in, status and headers out. What they do stands in src/resource.
import { conflict, invalid, structure } from '../fhir/outcome.ts';
import type { Saved } from '../resource/context.ts';
import { create as createResource } from '../resource/create.ts';
import { remove as removeResource } from '../resource/delete.ts';
import { history as historyOf } from '../resource/history.ts';
import { read as readResource } from '../resource/read.ts';
import { search as searchResources } from '../resource/search.ts';
import { update as updateResource } from '../resource/update.ts';
import { vread as readVersion } from '../resource/vread.ts';
import type { Row } from '../store/store.ts';
import { historyBundle, searchBundle } from './bundle.ts';
import type { Answer } from './exchange.ts';
import { operationOutcome } from './failure.ts';
import type { FhirCall } from './fhir.ts';
import { draftOf } from './fhir-body.ts';

/** ETag and Last-Modified of a version: https://hl7.org/fhir/R4/http.html#versioning */
const versionHeaders = (row: Row): Record<string, string> => ({
  ETag: `W/"${row.version}"`,
  'Last-Modified': new Date(row.lastUpdated).toUTCString(),
});

/** https://hl7.org/fhir/R4/http.html#read, conditional read: #cread */
export async function read({ req, context, type, id }: FhirCall): Promise<Answer> {
  const row = await readResource(context, { type, id });
  const headers = versionHeaders(row);
  return isKnown(req.headers, row) ? { status: 304, headers } : { status: 200, headers, body: row.body };
}

/** Whether the client has this version already; If-None-Match wins over If-Modified-Since (RFC 9110 §13.2.2). */
function isKnown(headers: Record<string, string | string[] | undefined>, row: Row): boolean {
  const { 'if-none-match': tags, 'if-modified-since': since } = headers;
  if (typeof tags === 'string') return tags.split(',').some((tag) => tag.trim() === '*' || versionOf(tag) === String(row.version));
  if (typeof since !== 'string') return false;
  return Math.floor(Date.parse(row.lastUpdated) / 1000) * 1000 <= Date.parse(since);
}

/** https://hl7.org/fhir/R4/http.html#vread */
export async function vread({ context, type, id, versionId }: FhirCall): Promise<Answer> {
  const row = await readVersion(context, { type, id, versionId });
  return { status: 200, headers: versionHeaders(row), body: row.body };
}

/** https://hl7.org/fhir/R4/http.html#create */
export async function create(call: FhirCall): Promise<Answer> {
  const { req, context, type } = call;
  const ifNoneExist = req.headers['if-none-exist'];
  const draft = draftOf(req.body, type);
  const saved = await createResource(context, {
    type,
    draft,
    ...(typeof ifNoneExist === 'string' && { ifNoneExist: criteriaOf(ifNoneExist) }),
  });
  return written(call, saved);
}

/** https://hl7.org/fhir/R4/http.html#update */
export async function update(call: FhirCall): Promise<Answer> {
  const { req, context, type, id } = call;
  const ifMatch = req.headers['if-match'];
  if (ifMatch !== undefined && versionOf(ifMatch) === undefined) throw invalid('If-Match must be an ETag as this server gives them: W/"3"');
  const draft = draftOf(req.body, type);
  return written(
    call,
    await updateResource(context, { type, id: newIdOf(id, type), draft, ...(ifMatch && { ifMatch: versionOf(ifMatch)! }) }),
  );
}

/** https://hl7.org/fhir/R4/http.html#delete */
export async function remove({ req, context, type, id }: FhirCall): Promise<Answer> {
  const ifMatch = req.headers['if-match'];
  const version = ifMatch === undefined ? undefined : versionOf(ifMatch);
  if (ifMatch !== undefined && version === undefined) throw invalid('If-Match must be an ETag as this server gives them: W/"3"');
  const row = await removeResource(context, { type, id, ...(version && { ifMatch: version }) });
  return { status: 204, ...(row && { headers: { ETag: `W/"${row.version}"` } }) };
}

/** https://hl7.org/fhir/R4/http.html#history */
export async function history({ req, context, type, id, seal }: FhirCall): Promise<Answer> {
  const { count, before } = historyParameters(queryOf(req.url), (page) => seal.open(context.caller.tenant, page));
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
export const search = (call: FhirCall): Promise<Answer> => searchWith(call, queryOf(call.req.url), false);

/** Search by POST: parameters of the URL and of the form add up. */
export function searchByPost(call: FhirCall): Promise<Answer> {
  const form = [...new URLSearchParams(String(call.req.body))] as [string, string][];
  return searchWith(call, [...queryOf(call.req.url), ...form], true);
}

async function searchWith(call: FhirCall, given: [string, string][], hidden: boolean): Promise<Answer> {
  const { req, context, type, seal } = call;
  const { tenant } = context.caller;
  const sealed = given.find(([name]) => name === '_page')?.[1];
  const opened =
    sealed === undefined
      ? undefined
      : (seal.open(tenant, sealed) as { type: string; parameters: [string, string][]; after?: (string | null)[] });
  if (opened && opened.type !== type) throw invalid('this page link belongs to another resource type');
  const parameters = (opened?.parameters ?? given).filter(([name]) => name !== '_format' && name !== '_pretty');
  const handling = /handling=lenient/.test(req.get('prefer') ?? '') ? 'lenient' : 'strict';
  const page = await searchResources(context, { type, parameters, handling, ...(opened?.after && { start: { after: opened.after } }) });
  const link = (after?: (string | null)[]): string =>
    `${context.baseUrl}/${type}?_page=${seal.close(tenant, { type, parameters: page.parsed.self, ...(after && { after }) })}`;
  const plainSelf = `${context.baseUrl}/${type}${page.parsed.self.length ? `?${new URLSearchParams(page.parsed.self)}` : ''}`;
  const self = hidden || opened ? link(opened?.after) : plainSelf;
  return { status: 200, body: searchBundle(context.baseUrl, page, { self, next: page.next && link(page.next) }) };
}

/** The parameters of a URL, percent-decoded once, `+` a space. */
export function queryOf(url: string): [string, string][] {
  const at = url.indexOf('?');
  return at < 0 ? [] : [...new URLSearchParams(url.slice(at + 1))];
}

const criteriaOf = (header: string): string => header.replace(/^[^?]*\?/, '');

const versionOf = (tag: string): string | undefined => /^\s*(?:W\/)?"([^"]+)"\s*$/.exec(tag)?.[1];

function newIdOf(id: string, type: string): string {
  if (!/^[A-Za-z0-9\-.]{1,64}$/.test(id)) throw structure('an id has 1 to 64 letters, digits, "-" or "."', `${type}.id`);
  return id;
}

/** The answer to a write, as `Prefer: return=` asks for it. https://hl7.org/fhir/R4/http.html#ops */
function written({ req, context, type }: FhirCall, { row, outcome }: Saved): Answer {
  if (row.body === null) throw conflict('this resource was deleted meanwhile');
  const status = outcome === 'created' ? 201 : 200;
  const location = `${context.baseUrl}/${type}/${row.id}/_history/${row.version}`;
  const headers = { ...versionHeaders(row), ...(req.method === 'POST' || outcome === 'created' ? { Location: location } : {}) };
  const prefer = /return=(\w+)/.exec(req.get('prefer') ?? '')?.[1];
  if (prefer === 'minimal') return { status, headers };
  if (prefer === 'OperationOutcome') {
    const said = operationOutcome([{ severity: 'information', code: 'informational', text: outcome }]);
    return { status, headers, body: JSON.stringify(said) };
  }
  return { status, headers, body: row.body };
}
