// Reads a FHIR request's body as text, so that its digits reach the store as they were written. https://hl7.org/fhir/R4/http.html#mime-type
import express, { type Request, type RequestHandler, type Response } from 'express';
import { parse } from '../fhir/json.ts';
import { structure, unsupportedMedia } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import type { Draft } from '../resource/context.ts';

const MEDIA: Record<'resource' | 'form', { types: string[]; say: string }> = {
  resource: {
    types: ['application/fhir+json', 'application/json', 'text/json', 'json'],
    say: 'send the resource as application/fhir+json',
  },
  form: { types: ['application/x-www-form-urlencoded'], say: 'send the parameters as application/x-www-form-urlencoded' },
};

/** A reader of bodies up to so many bytes; the text is in `req.body` afterwards. */
export function bodyReader(limit: number): (req: Request, res: Response, kind: 'resource' | 'form') => Promise<void> {
  const read = express.text({ type: () => true, limit, defaultCharset: 'utf-8' });
  return async (req, res, kind) => {
    const type = (req.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();
    const { types, say } = MEDIA[kind];
    if (!types.includes(type) && !(type === '' && !hasBody(req))) throw unsupportedMedia(say);
    await run(read, req, res);
    req.body ??= '';
  };
}

const hasBody = (req: Request): boolean => req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0;

const run = (handler: RequestHandler, req: Request, res: Response): Promise<void> =>
  new Promise((resolve, reject) => {
    void handler(req, res, (error?: unknown) => (error ? reject(error as Error) : resolve()));
  });

/** The resource in a request's body, in both readings; anything but a resource of this type is refused (400). */
export function draftOf(text: unknown, type: string): Draft {
  if (typeof text !== 'string' || text.trim() === '') throw structure(`the body must be a ${type} resource, and it is empty`);
  const { plain, exact } = parse(text);
  if (plain === null || typeof plain !== 'object' || Array.isArray(plain))
    throw structure(`the body must be a ${type} resource: a JSON object`);
  if ((plain as Resource).resourceType !== type) throw structure(`resourceType must be ${type}, as in the URL`, `${type}.resourceType`);
  return { plain: plain as Resource, exact: exact as Resource };
}
