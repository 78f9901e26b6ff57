// A request's body as text: UTF-8 and nothing else, whole or refused, so that what is stored is what was written. https://www.rfc-editor.org/rfc/rfc8259#section-8.1
import type { Request } from 'express';
import { invalidStructure, unsupportedMedia } from '../../fhir/outcome.ts';
import { readBody } from './read-body.ts';

/** Reads the text of a body up to a size; empty when there is none. */
export type TextReader = (req: Request) => Promise<string>;
/** Reads a body as it is. */
export type BytesReader = (req: Request) => Promise<Buffer>;

const CHARSETS = new Set(['utf-8', 'utf8', 'us-ascii']);

/** A reader of bodies up to so many bytes. */
export function buildTextReader(limit: number): TextReader {
  const read = buildBytesReader(limit);
  return async (req) => {
    const charset = /charset\s*=\s*"?([^\s";]+)/i.exec(req.headers['content-type'] ?? '')?.[1]?.toLowerCase();
    if (charset !== undefined && !CHARSETS.has(charset)) throw unsupportedMedia('send the body as UTF-8');
    return decodeUtf8(await read(req));
  };
}

/** The same for bodies that are no text. What was read stays in `req.body`. */
export function buildBytesReader(limit: number): BytesReader {
  return async (req) => {
    const bytes = await readBody(req, limit);
    req.body = bytes;
    return bytes;
  };
}

function decodeUtf8(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw invalidStructure('the body is not well-formed UTF-8');
  }
}
