// Sends the requests of a walk with the keys of one tenant, and keeps what a client sees of each response, without what differs from tenant to tenant and from
// run to run.
import type { FuzzOperation } from '../../scripts/fuzz/operations.ts';
import { buildRequests, type WalkRequest } from './requests.ts';

export interface WalkTarget {
  url: string;
  /** Door → API key. */
  keys: Record<string, string>;
}

export interface Walked {
  /** Request → response. */
  seen: Map<string, string>;
  /** The responses as they were sent. */
  texts: string[];
  /** The operations that succeeded at least once. */
  succeeded: Set<string>;
  /** The links to next pages, with their doors. */
  pages: { door: string; path: string }[];
}

/** How many requests are under way at once. */
const CLIENTS = 8;
const PAGES = 2;

export const createWalked = (): Walked => ({ seen: new Map(), texts: [], succeeded: new Set(), pages: [] });

/** All operations: reads first, then writes, and deletions last. `name`: of this part of the walk. */
export async function walkOperations(
  target: WalkTarget,
  operations: FuzzOperation[],
  { walked, name, withParameters }: { walked: Walked; name: string; withParameters(operation: FuzzOperation): boolean },
): Promise<void> {
  const requests = operations
    .filter(({ door }) => door in target.keys)
    .flatMap((one) => buildRequests(one, { withParameters: withParameters(one) }));
  const send = async (one: WalkRequest, at: number): Promise<void> => sendOne(target, one, walked, `${name} ${at}`);
  const [reads, writes] = [requests.filter(isRead), requests.filter((one) => !isRead(one))];
  await inParallel(
    reads.map((one, at) => () => send(one, at)),
    CLIENTS,
  );
  const ordered = writes
    .map((one, at) => ({ one, at: reads.length + at }))
    .sort((a, b) => ORDER.indexOf(a.one.method) - ORDER.indexOf(b.one.method));
  // one after another, because lists show the order of creation
  for (const { one, at } of ordered) await send(one, at);
}

const ORDER = ['POST', 'PATCH', 'PUT', 'DELETE'];
/** Operations ($name) only read, except those on meta and $merge. */
const isRead = ({ method, path }: WalkRequest): boolean => method === 'GET' || /_search(\?|$)|\$(?!meta|merge)/.test(path);

async function inParallel(work: (() => Promise<void>)[], clients: number): Promise<void> {
  const left = work.values();
  await Promise.all(
    Array.from({ length: clients }, async () => {
      for (const one of left) await one();
    }),
  );
}

async function sendOne(target: WalkTarget, one: WalkRequest, walked: Walked, name: string): Promise<void> {
  let next: string | undefined = one.path;
  for (let page = 0; next !== undefined && page < PAGES; page++) {
    const { status, text, shown } = await send(target, { ...one, path: next });
    if (status < 400) walked.succeeded.add(one.operation);
    walked.texts.push(text);
    walked.seen.set(`${name} ${one.door} ${one.method} ${one.path} ${Object.keys(one.headers)}${page ? ` page ${page}` : ''}`, shown);
    next = one.method === 'GET' ? findNext(text, target.url, one.path) : undefined;
    if (next !== undefined) walked.pages.push({ door: one.door, path: next });
  }
}

const SHOWN_HEADERS = ['content-type', 'etag', 'location', 'www-authenticate', 'retry-after', 'allow'];

/** A hash of a document in which the address of the server is. */
const DOCUMENT_ETAG = /^(W\/)?"[\w-]{10,}"$/;

/** Sends a request. `shown`: status, headers and body without what differs between runs. */
export async function send(
  { url, keys }: WalkTarget,
  { door, method, path, headers, body }: WalkRequest,
): Promise<{ status: number; text: string; shown: string }> {
  const ask = () =>
    fetch(url + path, {
      method,
      redirect: 'manual',
      headers: { ...headers, authorization: `Bearer ${keys[door]}`, 'x-api-key': keys[door]! },
      ...(body !== undefined && { body }),
    });
  // the server closes a connection after a body that it refused unread, and the response may be lost
  const response = await ask().catch(ask).catch(ask).catch(ask).catch(ask);
  const text = await response.text();
  const sent = SHOWN_HEADERS.flatMap((name) => response.headers.get(name) ?? []).filter((value) => !DOCUMENT_ETAG.test(value));
  return { status: response.status, text, shown: normalize([response.status, ...sent, text].join('\n'), url) };
}

/** Ids and tokens are numbered in the order in which they appear. */
function normalize(text: string, url: string): string {
  const known = new Map<string, number>();
  const number = (value: string): string => {
    known.set(value, known.get(value) ?? known.size + 1);
    return `#${known.get(value)}`;
  };
  return text
    .replaceAll(url, '')
    .replace(/\breq_[a-z0-9]{8}\b/g, 'request')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z|[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} [\d:]{8} GMT/g, 'time')
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[a-z]{2,12}_[0-9a-z]{18,30}\b|[A-Za-z0-9_.-]{60,}/g, number);
}

/** The path of the next page. */
function findNext(text: string, url: string, path: string): string | undefined {
  const [, link] = /"relation":"next","url":"([^"]+)"/.exec(text) ?? [];
  if (link) return link.replace(url, '');
  const [, cursor] = /"(?:next_?cursor|nextCursor|cursor)":"([^"]+)"/i.exec(text) ?? [];
  return cursor && `${path}${path.includes('?') ? '&' : '?'}cursor=${encodeURIComponent(cursor)}`;
}
