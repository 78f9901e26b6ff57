// Parses a batch or transaction Bundle, and each entry as a request. https://hl7.org/fhir/R4/bundle.html#transaction
// Bundle is not a served type, so its own elements are validated here. The resources in it are validated when they are written.

import type { ParsedJson } from './json.ts';
import { isElement, readMember, toList, toRecord } from './json-values.ts';
import { FhirError, type Issue, invalidStructure, issue, notSupported } from './outcome.ts';
import { type ParsedResource, toParsedResource } from './types.ts';

/** The most entries of a Bundle. */
export const MAX_BUNDLE_ENTRIES = 5000;

/** The request of one entry. `headers`: the headers of the equivalent HTTP request, by lower-case name. */
export interface BundleEntry {
  /** The index of the entry, from 0. */
  index: number;
  method: string;
  /** Relative to the base, with a leading slash, percent-encoded. */
  path: string;
  query: [name: string, value: string][];
  headers: Readonly<Record<string, string>>;
  fullUrl?: string;
  /** Its resource. */
  resource?: ParsedResource;
}

export interface BundleRequest {
  type: 'batch' | 'transaction';
  /** The entries, not validated yet. */
  entries: ParsedJson[];
}

type Json = Record<string, unknown>;

const COMMON_ELEMENTS = ['id', 'extension', 'modifierExtension'];
const BUNDLE_ELEMENTS = new Set([
  'resourceType',
  'id',
  'meta',
  'implicitRules',
  'language',
  'identifier',
  'type',
  'timestamp',
  'total',
  'link',
  'entry',
  'signature',
]);
const ENTRY_ELEMENTS = new Set([...COMMON_ELEMENTS, 'link', 'fullUrl', 'resource', 'search', 'request', 'response']);
const REQUEST_ELEMENTS = new Set([...COMMON_ELEMENTS, 'method', 'url', 'ifNoneMatch', 'ifModifiedSince', 'ifMatch', 'ifNoneExist']);
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH']);
const METHODS_WITH_RESOURCE = new Set(['POST', 'PUT', 'PATCH']);
/** The URLs of searches and operations, whose interactions decide whether they need a resource. */
const SEARCH_OR_OPERATION = /(^|\/)(_search|\$[^/?]+)(\?|$)/;

/** Element of `request` → the equivalent header. */
const REQUEST_HEADERS: Readonly<Record<string, string>> = {
  ifNoneMatch: 'if-none-match',
  ifModifiedSince: 'if-modified-since',
  ifMatch: 'if-match',
  ifNoneExist: 'if-none-exist',
};

/** Parses the Bundle of a body. Refuses any type but batch or transaction (400), and more entries than the limit (413). */
export function parseBundleRequest({ plain, exact }: ParsedJson): BundleRequest {
  if (!isElement(plain) || plain.resourceType !== 'Bundle') throw invalidStructure('the body must be a Bundle', 'Bundle');
  rejectUnknownElements(plain, BUNDLE_ELEMENTS, 'Bundle');
  const { type, entry = [] } = plain;
  if (type !== 'batch' && type !== 'transaction') throw notSupported('send a Bundle of type batch or transaction', 'Bundle.type');
  if (!Array.isArray(entry)) throw invalidStructure('a list is expected', 'Bundle.entry');
  if (entry.length > MAX_BUNDLE_ENTRIES)
    throw new FhirError('too-long', [issue('too-costly', `a Bundle may have ${MAX_BUNDLE_ENTRIES} entries: send several`, 'Bundle.entry')]);
  const exacts = toList(readMember(exact, 'entry'));
  return { type, entries: entry.map((item, at) => ({ plain: item, exact: exacts[at] })) };
}

/** Whether an entry creates a resource, whatever is stored already: `POST Patient` without a condition. */
export function isCreationEntry({ plain }: ParsedJson): boolean {
  const { method, url, ifNoneExist } = toRecord(toRecord(plain).request);
  return method === 'POST' && typeof url === 'string' && TYPE_URL.test(url) && ifNoneExist === undefined;
}

const TYPE_URL = /^\/?[A-Za-z]+$/;

/** Parses one entry. `baseUrl`: this server's FHIR base, without a trailing slash. Expressions of errors begin with `Bundle.entry[at]`. */
export function parseBundleEntry({ plain, exact }: ParsedJson, at: number, baseUrl: string): BundleEntry {
  const where = `Bundle.entry[${at}]`;
  if (!isElement(plain)) throw invalidStructure('an object is expected', where);
  rejectUnknownElements(plain, ENTRY_ELEMENTS, where);
  const { request, fullUrl, resource } = plain;
  if (!isElement(request)) throw invalidStructure('an entry of a batch or transaction has a request', `${where}.request`);
  rejectUnknownElements(request, REQUEST_ELEMENTS, `${where}.request`);
  if (fullUrl !== undefined && typeof fullUrl !== 'string') throw invalidStructure('a URI is expected', `${where}.fullUrl`);
  const { method, url } = request;
  if (typeof method !== 'string' || !METHODS.has(method))
    throw invalidStructure('GET, HEAD, POST, PUT, PATCH or DELETE is expected', `${where}.request.method`);
  if (resource !== undefined && !isElement(resource)) throw invalidStructure('a resource is a JSON object', `${where}.resource`);
  if (resource === undefined && METHODS_WITH_RESOURCE.has(method) && !SEARCH_OR_OPERATION.test(String(url)))
    throw invalidStructure(`${method} needs a resource`, where);
  return {
    index: at,
    method,
    ...parseEntryUrl(url, baseUrl, `${where}.request.url`),
    headers: readEntryHeaders(request, where),
    ...(fullUrl !== undefined && { fullUrl }),
    ...(resource !== undefined && { resource: toParsedResource({ plain: resource, exact: readMember(exact, 'resource') }) }),
  };
}

/** Parses the URL of an entry: relative to the base, with or without a leading slash, or absolute below this server's base. */
function parseEntryUrl(url: unknown, baseUrl: string, where: string): Pick<BundleEntry, 'path' | 'query'> {
  if (typeof url !== 'string' || url === '') throw invalidStructure('a URL relative to the base is expected', where);
  const own = [`${baseUrl}/`, `${new URL(baseUrl).pathname}/`].find((base) => url.startsWith(base));
  const relative = own === undefined ? url : url.slice(own.length);
  if (/^[a-z][a-z0-9+.-]*:/i.test(relative)) throw notSupported('the URL leads to another server', where);
  const [path = '', ...rest] = relative.split('?');
  return { path: `/${path.replace(/^\//, '')}`, query: [...new URLSearchParams(rest.join('?'))] };
}

function readEntryHeaders(request: Json, where: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [element, header] of Object.entries(REQUEST_HEADERS)) {
    const value = request[element];
    if (value === undefined) continue;
    if (typeof value !== 'string' || value === '') throw invalidStructure('a text is expected', `${where}.request.${element}`);
    headers[header] = value;
  }
  return headers;
}

function rejectUnknownElements(element: object, known: ReadonlySet<string>, where: string): void {
  const unknown = Object.keys(element).find((name) => !known.has(name.replace(/^_/, '')));
  if (unknown !== undefined) throw invalidStructure('there is an element here that R4 does not define', where);
}

/**
 * The error of an entry with paths from the Bundle: `Patient.name` becomes `Bundle.entry[3].resource.name`. `type`: the type of the entry's resource. A path
 * of another type is kept unchanged, because the error is in another resource.
 */
export function locateErrorInEntry(error: FhirError, at: number, type?: string): FhirError {
  const issues = error.issues.map((found) => toEntryIssue(found, `Bundle.entry[${at}]`, type));
  return new FhirError(error.kind, issues, error.headers);
}

function toEntryIssue(found: Issue, where: string, type = ''): Issue {
  const own = (path: string): string => {
    const [root] = /^[A-Za-z]+/.exec(path) ?? [''];
    return root === 'Bundle' || (type !== '' && root !== type) ? path : `${where}.resource${path.slice(root.length)}`;
  };
  return { ...found, expression: found.expression?.map(own) ?? [where] };
}
