// Documents about the APIs: `/openapi` lists the OpenAPI documents and `/schemas` the JSON Schemas of mapping files, `/openapi/<surface>.json` and
// `/schemas/<kind>.json` return one. Like /metadata, they need no API key.
import { createHash } from 'node:crypto';
import { type Request, type Response, Router } from 'express';
import { methodNotAllowed } from '../../fhir/outcome.ts';

/** Name → the document, which is built at the first request. `credential`: the header that carries a key of the API, `{header: "Authorization", format: "Bearer …"}`. */
export type ServedDocuments = Readonly<Record<string, { title: string; credential?: { header: string; format: string }; build(): object }>>;

/** The router of `/openapi` or `/schemas`. */
export function buildDocumentRouter(path: string, documents: ServedDocuments): Router {
  const router = Router({ caseSensitive: true });
  const cache = new Map<string, CachedDocument>();
  const sentOf = (name: string): CachedDocument => {
    const sent = cache.get(name) ?? toCachedDocument(documents[name]!.build());
    cache.set(name, sent);
    return sent;
  };
  const index = Object.entries(documents).map(([name, { title, credential }]) => ({
    ...{ name, title, url: `${path}/${name}.json` },
    ...(credential && { credential }),
  }));
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

/** Sends a document, to any origin. 304 if the client has the current document. */
function sendDocument(req: Request, res: Response, { text, etag }: CachedDocument): void {
  res.set({ 'Access-Control-Allow-Origin': '*', 'Cache-Control': 'no-cache', ETag: etag });
  if (req.headers['if-none-match'] === etag) {
    res.status(304).end();
    return;
  }
  res.setHeader('Content-Type', 'application/json; charset=utf-8');
  res.end(text);
}
