// The OpenAPI documents: `/openapi` lists them, `/openapi/<surface>.json` is one of them. They need no key, as /metadata needs none.
import { createHash } from 'node:crypto';
import { type Request, type Response, Router } from 'express';
import { methodNotAllowed } from '../../fhir/outcome.ts';

/** The documents by surface, each built at its first request. */
export type OpenApiDocuments = Readonly<Record<string, { title: string; build(): object }>>;

/** The router of `/openapi`. */
export function buildOpenApiRouter(documents: OpenApiDocuments): Router {
  const router = Router({ caseSensitive: true });
  const known = new Map<string, CachedDocument>();
  const sentOf = (name: string): CachedDocument => {
    const sent = known.get(name) ?? toCachedDocument(documents[name]!.build());
    known.set(name, sent);
    return sent;
  };
  const index = Object.entries(documents).map(([name, { title }]) => ({ name, title, url: `/openapi/${name}.json` }));
  const list = toCachedDocument({ documents: index });
  router.use(rejectWrites);
  router.get('/', (req, res) => sendDocument(req, res, list));
  router.get('/:file', (req, res, next) => {
    const name = req.params.file.replace(/\.json$/, '');
    if (name === req.params.file || !Object.hasOwn(documents, name)) next();
    else sendDocument(req, res, sentOf(name));
  });
  return router;
}

interface CachedDocument {
  text: string;
  etag: string;
}

const toCachedDocument = (content: object): CachedDocument => {
  const text = JSON.stringify(content);
  return { text, etag: `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"` };
};

function rejectWrites(req: Request, _res: Response, next: () => void): void {
  if (req.method !== 'GET' && req.method !== 'HEAD') throw methodNotAllowed(['GET', 'HEAD']);
  next();
}

/** Tools of other origins may read it. 304 for a client that has it already. */
function sendDocument(req: Request, res: Response, { text, etag }: CachedDocument): void {
  res.set({ 'Access-Control-Allow-Origin': '*', 'Cache-Control': 'no-cache', ETag: etag });
  if (req.headers['if-none-match'] === etag) {
    res.status(304).end();
    return;
  }
  res.setHeader('Content-Type', 'application/json; charset=utf-8');
  res.end(text);
}
