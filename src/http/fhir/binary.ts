// Binary over HTTP: clients can read and write its content or the resource. https://hl7.org/fhir/R4/binary.html, docs/decisions/0012-http-requests-and-limits.md
import { type BinaryContent, buildBinary, chooseBinaryForm, parseBinary } from '../../fhir/binary.ts';
import { isObject } from '../../fhir/json-values.ts';
import { invalidStructure, notAcceptable } from '../../fhir/outcome.ts';
import type { Draft } from '../../interactions/context.ts';
import type { ResourceRow } from '../../store/resources/resource-row.ts';
import { decodeFormat } from '../middleware/fhir-format.ts';
import type { FhirCall, FhirResponse } from './fhir-call.ts';

const READ = /^\/Binary\/[A-Za-z0-9\-.]{1,64}(\/_history\/[^/]+)?\/?$/;

/** Whether a request reads a Binary. Its response may have any media type. */
export const isBinaryRead = (method: string, path: string): boolean => (method === 'GET' || method === 'HEAD') && READ.test(path);

/** The response with the content, if the client accepts the content. Undefined: the client asks for the resource. */
export function buildContentResponse(call: FhirCall, row: ResourceRow & { body: string }, facts: FhirResponse): FhirResponse | undefined {
  if (row.type !== 'Binary' || !call.isStandalone) return undefined;
  const content = parseBinary(row.body);
  const accept = call.header('accept');
  const format = decodeFormat(call.query.find(([name]) => name === '_format')?.[1]);
  const form = chooseBinaryForm(content.contentType, { ...(accept !== undefined && { accept }), ...(format !== undefined && { format }) });
  if (form === undefined)
    throw notAcceptable('this Binary has another media type: accept that, application/fhir+json or application/fhir+xml');
  const isShown = call.query.some(([name]) => name === '_summary' || name === '_elements');
  return form === 'resource' || isShown
    ? undefined
    : { ...facts, headers: { ...facts.headers, ...buildContentHeaders(row, content) }, content: content.bytes };
}

/**
 * Clients upload the content, so it may be an HTML page with scripts. These headers make a browser download it without guessing its type, and prevent scripts
 * from running with this server's origin.
 */
function buildContentHeaders({ id }: ResourceRow, { bytes, contentType, securityContext }: BinaryContent): Record<string, string> {
  const reference = isObject(securityContext) ? securityContext.reference : undefined;
  return {
    'Content-Type': HEADER.test(contentType) ? contentType : 'application/octet-stream',
    'Content-Length': String(bytes.length),
    'Content-Disposition': `attachment; filename="${id}"`,
    'X-Content-Type-Options': 'nosniff',
    'Content-Security-Policy': "default-src 'none'; sandbox",
    ...(typeof reference === 'string' && HEADER.test(reference) && { 'X-Security-Context': reference }),
  };
}

/** A text that can be the value of a header. https://www.rfc-editor.org/rfc/rfc9110#section-5.5 */
const HEADER = /^[\x20-\x7e]{1,1000}$/;

/** The body of a write of a Binary. `preserveElements`: adds the current security context to content that was sent without one. */
export interface BinaryDraft {
  draft: Draft;
  uploaded: boolean;
  preserveElements?: (draft: Draft, previous: ResourceRow) => Draft;
}

/** Reads a Binary resource, or builds one from content and the security context in its header. */
export async function readBinaryDraft(call: FhirCall): Promise<BinaryDraft> {
  const sent = await call.body.binary();
  if ('exact' in sent) return { draft: sent, uploaded: false };
  if (!sent.bytes.length) throw invalidStructure('the body must be the content, but it is empty');
  const buildDraft = (securityContext: unknown): Draft => {
    const resource = buildBinary({ ...sent, ...(securityContext !== undefined && { securityContext }) }, call.id || undefined);
    return { resource, exact: resource };
  };
  const reference = call.header('x-security-context');
  if (reference !== undefined) return { draft: buildDraft({ reference }), uploaded: true };
  return {
    draft: buildDraft(undefined),
    uploaded: true,
    preserveElements: (_draft, previous) => buildDraft(readSecurityContext(previous)),
  };
}

/** The security context of the current version, which new content keeps. */
const readSecurityContext = ({ body }: ResourceRow): unknown => (body ? parseBinary(body).securityContext : undefined);

/** Returns no body to a client that uploads content, unless the client sends Prefer. */
export const preferMinimal = (call: FhirCall): FhirCall => ({
  ...call,
  header: (name) => call.header(name) ?? (name === 'prefer' ? 'return=minimal' : undefined),
});
