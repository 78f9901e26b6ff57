// Reads the body of a request up to a size, as bytes or as UTF-8 text. The Content-Encoding is decoded. All errors are 4xx.
// A long body that is left when an error is sent is not read. https://www.rfc-editor.org/rfc/rfc9110#section-8.4, https://www.rfc-editor.org/rfc/rfc8259#section-8.1

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib';
import type { Request, RequestHandler } from 'express';
import { type FhirError, invalidStructure, tooLong, unsupportedMedia } from '../../fhir/outcome.ts';

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
};

/** The decoded body, empty if the request has no body. A body is refused (413) as soon as its declared, received or decoded size exceeds `limit` bytes. */
export async function readBody(req: IncomingMessage, limit: number): Promise<Buffer> {
  if (Number(req.headers['content-length'] ?? 0) > limit) throw buildTooLargeError(limit);
  const decoder = hasBody(req) ? createDecoder(req) : undefined;
  return new Promise((resolve, reject) => {
    const source = decoder ? req.pipe(decoder) : req;
    const chunks: Buffer[] = [];
    const size = { received: 0, decoded: 0 };
    const settle = (conclude: () => void): void => {
      req.off('data', receive).off('error', cutOff).off('close', cutOff);
      source.off('data', take).off('end', end);
      if (decoder) {
        req.unpipe(decoder);
        decoder.on('error', () => {}).destroy();
      }
      // discard the rest: it must not block the next request on the connection
      req.resume();
      conclude();
    };
    const fail = (error: FhirError): void => settle(() => reject(error));
    const grow = (counter: keyof typeof size, { length }: Buffer): void => {
      size[counter] += length;
      if (size[counter] > limit) fail(buildTooLargeError(limit));
    };
    const receive = (chunk: Buffer): void => grow('received', chunk);
    const take = (chunk: Buffer): void => {
      chunks.push(chunk);
      grow('decoded', chunk);
    };
    const end = (): void => settle(() => resolve(Buffer.concat(chunks)));
    const cutOff = (): void => {
      if (!req.complete) fail(invalidStructure('the request ended before its body did'));
    };
    req.on('data', receive).on('error', cutOff).on('close', cutOff);
    source.on('data', take).on('end', end);
    decoder?.on('error', () => fail(invalidStructure('the body cannot be decoded as its Content-Encoding')));
  });
}

/** https://www.rfc-editor.org/rfc/rfc9112#section-6.3 */
export const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

/** Undefined: the body is not encoded. */
function createDecoder({ headers }: IncomingMessage): Transform | undefined {
  const coding = (headers['content-encoding'] ?? '').trim().toLowerCase();
  if (coding === '' || coding === 'identity') return undefined;
  const decoder = Object.hasOwn(DECODERS, coding) ? DECODERS[coding]! : undefined;
  if (!decoder)
    throw unsupportedMedia(`this Content-Encoding is not supported: send ${Object.keys(DECODERS).join(', ')}, or the body as it is`);
  return decoder();
}

const buildTooLargeError = (limit: number): FhirError => tooLong(`the body exceeds the size limit of ${formatBytes(limit)}`);

const MIB = 1024 * 1024;

/** A number of bytes for an error text: `1.5 MiB`, `512 KiB`. */
const formatBytes = (bytes: number): string => (bytes < MIB ? `${bytes / 1024} KiB` : `${Math.floor((bytes / MIB) * 10) / 10} MiB`);

/** Reads the text of a body up to a size. Empty if the request has no body. */
export type TextReader = (req: Request) => Promise<string>;
/** Reads the bytes of a body. */
export type BytesReader = (req: Request) => Promise<Buffer>;

const CHARSETS = new Set(['utf-8', 'utf8', 'us-ascii']);

const READ_BYTES = Symbol('read bytes');

/** Builds a reader of bodies with at most `limit` bytes. */
export function buildTextReader(limit: number): TextReader {
  const read = buildBytesReader(limit);
  return async (req) => {
    const charset = /charset\s*=\s*"?([^\s";]+)/i.exec(req.headers['content-type'] ?? '')?.[1]?.toLowerCase();
    if (charset !== undefined && !CHARSETS.has(charset)) throw unsupportedMedia('send the body as UTF-8');
    return decodeUtf8(await read(req));
  };
}

/** The same for binary bodies. */
export function buildBytesReader(limit: number): BytesReader {
  return async (req: Request & { [READ_BYTES]?: Buffer }) => {
    const bytes = await readBody(req, limit);
    req[READ_BYTES] = bytes;
    return bytes;
  };
}

/** The bytes of a body that a reader has read already, otherwise empty. */
export const getReadBytes = (req: Request & { [READ_BYTES]?: Buffer }): Buffer => req[READ_BYTES] ?? Buffer.alloc(0);

function decodeUtf8(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw invalidStructure('the body is not well-formed UTF-8');
  }
}

/** In bytes. To read the rest of a body up to this size costs less than a new connection. */
const SHORT = 64 * 1024;
/** For how long a client may send nothing before the connection is closed, and for how long in all, in ms. Until then, what it sends is discarded. */
const IDLE_MS = 2000;
const MAX_LINGER_MS = 30_000;

/**
 * If much of the body is left, it is not read, and the connection is closed in stages: a client that still sends would otherwise get a reset instead of the
 * response. Must be called before the headers of an error are sent. https://www.rfc-editor.org/rfc/rfc9112#section-9.6
 */
export function closeConnectionAfterLongBody(req: IncomingMessage, res: ServerResponse): void {
  if (req.complete || !hasLongBody(req)) return;
  res.setHeader('Connection', 'close');
  closeInStages(req.socket);
}

/** Discards a request that arrives after the last response of its connection, because it cannot get a response (RFC 9112, section 9.6). */
export const discardAfterFinalResponse: RequestHandler = (req, _res, next) => {
  if (req.socket.writableEnded) req.resume();
  else next();
};

const hasLongBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > SHORT;

/** Replaces `destroySoon`, which Node calls after the last response of a connection: with unread data in its buffers, the kernel would send a reset. */
function closeInStages(socket: Socket): void {
  socket.destroySoon = () => {
    socket.end();
    const until = Date.now() + MAX_LINGER_MS;
    let read = socket.bytesRead;
    const closeIfIdle = (): void => {
      if (socket.bytesRead === read || Date.now() >= until) socket.destroy();
      read = socket.bytesRead;
    };
    // what arrived while this process was busy is read after timers and before immediates
    const check = setInterval(() => setImmediate(closeIfIdle), IDLE_MS);
    socket.once('close', () => clearInterval(check));
  };
}
