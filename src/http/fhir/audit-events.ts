// AuditEvent over HTTP: read and search. The server alone writes it. https://hl7.org/fhir/R4/auditevent.html#search

import type { AuditPage, AuditReader } from '../../audit/reader.ts';
import { buildAuditEvent } from '../../fhir/audit-event.ts';
import { AUDIT_PARAMETERS, AUDIT_TYPE } from '../../fhir/audit-search.ts';
import { invalid, methodNotAllowed, notFound, notSupported } from '../../fhir/outcome.ts';
import type { AuditPosition } from '../../store/audit-events.ts';
import { authorize } from '../middleware/authorize.ts';
import type { FhirCall, FhirResponse } from './fhir-call.ts';
import { isFormatParameter } from './page-links.ts';

type AuditCall = Pick<FhirCall, 'context' | 'pageTokens' | 'method' | 'path' | 'query' | 'body'>;

const PATH = /^\/AuditEvent(?:\/(_search|[A-Za-z0-9\-.]{1,64}))?\/?$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether a path is below /AuditEvent. */
export const isAuditPath = (path: string): boolean => path === `/${AUDIT_TYPE}` || path.startsWith(`/${AUDIT_TYPE}/`);

/** Reads or searches the audit. 405: every write. */
export async function handleAudit(call: AuditCall, reader: AuditReader): Promise<FhirResponse> {
  const { context, method, path } = call;
  const found = PATH.exec(path);
  if (!found) throw notFound('there is nothing at this path of the FHIR API: an AuditEvent can be read and searched');
  const isSearchByPost = found[1] === '_search';
  const allowed = isSearchByPost ? ['POST'] : ['GET', 'HEAD'];
  if (!allowed.includes(method)) throw methodNotAllowed(allowed);
  const id = isSearchByPost ? undefined : found[1];
  authorize(context.caller, AUDIT_TYPE, id === undefined ? 's' : 'r');
  if (id !== undefined) return readOne(reader, id);
  return searchPage(call, reader, isSearchByPost ? [...call.query, ...(await call.body.form())] : call.query);
}

async function readOne(reader: AuditReader, id: string): Promise<FhirResponse> {
  const event = UUID.test(id) ? await reader.read(id) : undefined;
  if (!event) throw notFound('there is no AuditEvent with this id');
  return {
    status: 200,
    headers: { ETag: 'W/"1"', 'Last-Modified': new Date(event.recorded).toUTCString() },
    body: JSON.stringify(buildAuditEvent(event.facts, event.recorded)),
  };
}

interface PageLink {
  parameters: [string, string][];
  after: AuditPosition;
}

async function searchPage(call: AuditCall, reader: AuditReader, sent: [string, string][]): Promise<FhirResponse> {
  const { context, pageTokens } = call;
  const sealed = sent.find(([name]) => name === '_page')?.[1];
  // the assertion: openLink has checked its path
  const opened = sealed === undefined ? undefined : openLink(call, sealed);
  const parameters = opened?.parameters ?? sent.filter((parameter) => !isFormatParameter(parameter));
  const unknown = parameters.find(([name]) => !AUDIT_PARAMETERS.has(name));
  if (unknown) throw notSupported(`${unknown[0]}: a search of AuditEvent takes ${[...AUDIT_PARAMETERS.keys()].join(', ')}`);
  const page = await reader.search(parameters, opened?.after);
  const seal = (after: AuditPosition): string =>
    `${context.baseUrl}/${AUDIT_TYPE}?_page=${pageTokens.seal(context.caller.tenant, { path: AUDIT_TYPE, parameters, after })}`;
  const self = `${context.baseUrl}/${AUDIT_TYPE}${parameters.length ? `?${new URLSearchParams(parameters)}` : ''}`;
  return { status: 200, body: JSON.stringify(buildPageBundle(context.baseUrl, page, { self, next: page.next && seal(page.next) })) };
}

function openLink({ context, pageTokens }: AuditCall, sealed: string): PageLink {
  const content = pageTokens.open(context.caller.tenant, sealed) as Partial<PageLink & { path: string }>;
  if (content.path !== AUDIT_TYPE || !content.after || !content.parameters) throw invalid('this page link belongs to another search');
  return { parameters: content.parameters, after: content.after };
}

const buildPageBundle = (
  baseUrl: string,
  { events, total }: AuditPage,
  { self, next }: { self: string; next: string | undefined },
): object => ({
  resourceType: 'Bundle',
  type: 'searchset',
  ...(total !== undefined && { total }),
  link: [{ relation: 'self', url: self }, ...(next === undefined ? [] : [{ relation: 'next', url: next }])],
  ...(events.length && {
    entry: events.map(({ facts, recorded }) => ({
      fullUrl: `${baseUrl}/${AUDIT_TYPE}/${facts.id}`,
      resource: buildAuditEvent(facts, recorded),
      search: { mode: 'match' },
    })),
  }),
});
