// batch and transaction over HTTP: each entry of a Bundle is a request and gets a response. https://hl7.org/fhir/R4/http.html#transaction
import {
  type BundleEntry,
  type BundleRequest,
  isCreationEntry,
  locateErrorInEntry,
  parseBundleEntry,
  parseBundleRequest,
} from '../../fhir/bundle.ts';
import type { ParsedJson } from '../../fhir/json.ts';
import { isObject } from '../../fhir/json-values.ts';
import { listReferences } from '../../fhir/links.ts';
import { ERROR_KINDS, FhirError, invalid, notSupported, tooLong } from '../../fhir/outcome.ts';
import { type Context, toSizeLimit } from '../../interactions/context.ts';
import { executeTransaction } from '../../interactions/transaction.ts';
import { authorize } from '../middleware/authorize.ts';
import { buildOperationOutcome } from '../middleware/error-handler.ts';
import { buildEntryBody } from './body.ts';
import type { FhirCall, FhirResponse } from './fhir-call.ts';
import { toTransactionEntry } from './transaction-entries.ts';
import { buildEntryResponse } from './write.ts';

/** Runs an entry like an HTTP request of its own. */
type InteractionRunner = (call: Omit<FhirCall, 'type' | 'id' | 'versionId' | 'compartment'>) => Promise<FhirResponse>;

/** https://hl7.org/fhir/R4/http.html#transaction */
export async function handleBundle(call: FhirCall, perform: InteractionRunner): Promise<FhirResponse> {
  const request = parseBundleRequest(await call.body.json());
  return request.type === 'batch' ? runBatch(call, request, perform) : runTransaction(call, request, perform);
}

/**
 * Runs each entry independently, one after the other, but creations that follow each other at the same time, so that they share statements (0056). An entry that
 * fails gets an outcome, and the others still run. https://hl7.org/fhir/R4/http.html#brules
 */
async function runBatch(call: FhirCall, { entries }: BundleRequest, perform: InteractionRunner): Promise<FhirResponse> {
  const temporaryUrls = new Set(entries.map(({ plain }) => (isObject(plain) ? plain.fullUrl : undefined)).filter(isTemporaryUrl));
  const responseEntries: string[] = [];
  const size = createSizeCounter(call);
  for (const run of groupCreations(entries.map((raw, at) => ({ raw, at, temporaryUrls })))) {
    const texts = size.isFull()
      ? run.map(({ at }) => buildErrorEntryText(locateErrorInEntry(RESPONSE_FULL, at)))
      : await Promise.all(run.map((entry) => runBatchEntry(call, entry, perform)));
    responseEntries.push(...texts);
    for (const text of texts) size.add(text);
  }
  return buildBundleResponse('batch-response', responseEntries);
}

/** How many creations of a batch run at the same time. */
const MAX_TOGETHER = 32;

/** Creations that follow each other, and every other entry alone. */
function groupCreations(entries: RawEntry[]): RawEntry[][] {
  const groups: RawEntry[][] = [];
  let canJoin = false;
  for (const entry of entries) {
    const isCreation = isCreationEntry(entry.raw);
    if (isCreation && canJoin && groups.at(-1)!.length < MAX_TOGETHER) groups.at(-1)!.push(entry);
    else groups.push([entry]);
    canJoin = isCreation;
  }
  return groups;
}

/** Compares the total size of the entries' responses with the limit of one response. */
function createSizeCounter({ context }: FhirCall): { add(entryText: string): void; isFull(): boolean } {
  const { maxBytes = Number.POSITIVE_INFINITY } = toSizeLimit(context);
  let size = 0;
  return {
    add: (entryText) => {
      size += entryText.length;
    },
    isFull: () => size > maxBytes,
  };
}

const RESPONSE_FULL = tooLong(
  'this entry was not run, because the responses to the entries before it reach the size limit of a response: send it in another Bundle',
);

interface RawEntry {
  raw: ParsedJson;
  at: number;
  /** The temporary URLs of this batch. Entries must not refer to them. */
  temporaryUrls: ReadonlySet<string>;
}

const isTemporaryUrl = (fullUrl: unknown): fullUrl is string => typeof fullUrl === 'string' && fullUrl.startsWith('urn:');

async function runBatchEntry(call: FhirCall, { raw, at, temporaryUrls }: RawEntry, perform: InteractionRunner): Promise<string> {
  try {
    const entry = parseBundleEntry(raw, at, call.context.baseUrl);
    rejectNestedBundle(entry);
    if (entry.resource && listReferences(entry.resource.plain).some((reference) => temporaryUrls.has(reference)))
      throw invalid('entries of a batch cannot refer to each other: send a transaction');
    return buildEntryText(await runEntry(call, entry, perform));
  } catch (error) {
    return buildErrorEntryText(locateErrorInEntry(call.toFhirError(error), at));
  }
}

/** Runs all entries or none. The error names the entry that failed. https://hl7.org/fhir/R4/http.html#trules */
async function runTransaction(call: FhirCall, { entries }: BundleRequest, perform: InteractionRunner): Promise<FhirResponse> {
  const all = parseEntries(call, entries);
  const writes = all.flatMap(({ write }) => write ?? []);
  const reads = all.filter(({ write }) => !write).map(({ entry }) => entry);
  const responseEntries = await executeTransaction(call.context, writes, async (inside, done) => {
    const size = createSizeCounter(call);
    const recordResponse = (at: number, response: FhirResponse): [number, string] => {
      const text = buildEntryText(response);
      size.add(text);
      if (size.isFull())
        throw locateErrorInEntry(tooLong('the responses to all entries exceed the size limit of a response: send several Bundles'), at);
      return [at, text];
    };
    const written = all.flatMap(({ entry, write }) =>
      write
        ? [recordResponse(entry.index, buildEntryResponse({ ...toFhirCall(call, entry), type: write.type }, done.get(entry.index)!))]
        : [],
    );
    const read: [number, string][] = [];
    for (const entry of reads) read.push(recordResponse(entry.index, await runReadEntry(call, { entry, inside }, perform)));
    return new Map([...written, ...read]);
  });
  return buildBundleResponse(
    'transaction-response',
    all.map(({ entry }) => responseEntries.get(entry.index)!),
  );
}

type ParsedEntry = { entry: BundleEntry; write: ReturnType<typeof toTransactionEntry> };

/** Parses all entries, and reports the errors of all of them at once. */
function parseEntries(call: FhirCall, entries: ParsedJson[]): ParsedEntry[] {
  const failed: FhirError[] = [];
  const all = entries.flatMap((raw, at): ParsedEntry[] => {
    try {
      const entry = parseBundleEntry(raw, at, call.context.baseUrl);
      rejectNestedBundle(entry);
      return [
        {
          entry,
          write: toTransactionEntry(toFhirCall(call, entry), entry, (type, permission) => authorize(call.context.caller, type, permission)),
        },
      ];
    } catch (error) {
      if (!(error instanceof FhirError)) throw error;
      failed.push(locateErrorInEntry(error, at));
      return [];
    }
  });
  const [first] = failed;
  if (first) throw new FhirError(toBundleErrorKind(first), failed.flatMap(({ issues }) => issues).slice(0, MOST_ISSUES), first.headers);
  return all;
}

const MOST_ISSUES = 50;

/** An unknown path in an entry is an error in the Bundle (400). The URL of the request itself exists. */
const toBundleErrorKind = ({ kind }: FhirError): FhirError['kind'] =>
  ERROR_KINDS[kind].status === 404 || ERROR_KINDS[kind].status === 405 ? 'not-supported' : kind;

interface TransactionRead {
  entry: BundleEntry;
  inside: Context;
}

/** Runs an entry that reads, inside the transaction: it sees the writes of the other entries. */
async function runReadEntry(call: FhirCall, { entry, inside }: TransactionRead, perform: InteractionRunner): Promise<FhirResponse> {
  try {
    return await runEntry({ ...call, context: inside }, entry, perform);
  } catch (error) {
    throw error instanceof FhirError ? locateErrorInEntry(error, entry.index) : error;
  }
}

/** The response to an entry. That to HEAD has no body. https://hl7.org/fhir/R4/http.html#head */
async function runEntry(call: FhirCall, entry: BundleEntry, perform: InteractionRunner): Promise<FhirResponse> {
  const { body, ...facts } = await perform(toFhirCall(call, entry));
  return body === undefined || entry.method === 'HEAD' ? facts : { ...facts, body };
}

function rejectNestedBundle({ path, method, index: at }: BundleEntry): void {
  if (path === '/' && method === 'POST') throw notSupported('a Bundle cannot contain another Bundle', `Bundle.entry[${at}].request.url`);
}

/** The request of an entry. It inherits the `Prefer` header of the Bundle's request. */
function toFhirCall(call: FhirCall, entry: BundleEntry): FhirCall {
  const { headers, method, path, query } = entry;
  const header = (name: string): string | undefined => headers[name] ?? (name === 'prefer' ? call.header(name) : undefined);
  return { ...call, method, path, query, header, body: buildEntryBody(entry), isStandalone: false };
}

function buildBundleResponse(type: string, entries: string[]): FhirResponse {
  return { status: 200, body: `{"resourceType":"Bundle","type":"${type}"${entries.length ? `,"entry":[${entries.join(',')}]` : ''}}` };
}

/**
 * One entry of the response Bundle. Stored bodies are inserted unchanged. `outcome` is for hints about the processing; the OperationOutcome that $validate returns is
 * a result like others. https://hl7.org/fhir/R4/bundle-definitions.html#Bundle.entry.response.outcome
 */
function buildEntryText({ status, headers = {}, body, isProcessingOutcome, lastModified }: FhirResponse): string {
  const facts = {
    status: `${status} ${REASONS[status] ?? ''}`.trim(),
    ...(headers.Location !== undefined && { location: headers.Location }),
    ...(headers.ETag !== undefined && { etag: headers.ETag }),
    ...(lastModified !== undefined && { lastModified }),
  };
  const factsJson = JSON.stringify(facts);
  if (body === undefined) return `{"response":${factsJson}}`;
  if (isProcessingOutcome) return `{"response":${factsJson.slice(0, -1)},"outcome":${body}}}`;
  return `{"resource":${body},"response":${factsJson}}`;
}

function buildErrorEntryText({ kind, issues }: FhirError): string {
  const { status } = ERROR_KINDS[kind];
  return `{"response":${JSON.stringify({ status: `${status} ${REASONS[status] ?? ''}`.trim(), outcome: buildOperationOutcome(issues) })}}`;
}

const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  201: 'Created',
  204: 'No Content',
  304: 'Not Modified',
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  410: 'Gone',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  422: 'Unprocessable Entity',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};
