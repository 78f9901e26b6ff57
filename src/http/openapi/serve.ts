// The API's own descriptions: `/openapi` lists them, `/openapi/<surface>.json` is one of them. Open to everybody, as /metadata is.
import { createHash } from 'node:crypto';
import { type Request, type Response, Router } from 'express';
import { methodNotAllowed } from '../../fhir/outcome.ts';

/** The documents by surface, each made when it is first asked for. */
export type Documents = Readonly<Record<string, { title: string; make(): object }>>;

/** The router of `/openapi`. */
export function openApiDocuments(documents: Documents): Router {
  const router = Router({ caseSensitive: true });
  const known = new Map<string, Sent>();
  const sentOf = (name: string): Sent => {
    const sent = known.get(name) ?? asSent(documents[name]!.make());
    known.set(name, sent);
    return sent;
  };
  const index = Object.entries(documents).map(([name, { title }]) => ({ name, title, url: `/openapi/${name}.json` }));
  const list = asSent({ documents: index });
  router.use(onlyRead);
  router.get('/', (req, res) => send(req, res, list));
  router.get('/:file', (req, res, next) => {
    const name = req.params.file.replace(/\.json$/, '');
    if (name === req.params.file || !Object.hasOwn(documents, name)) next();
    else send(req, res, sentOf(name));
  });
  return router;
}

interface Sent {
  text: string;
  etag: string;
}

const asSent = (content: object): Sent => {
  const text = JSON.stringify(content);
  return { text, etag: `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"` };
};

function onlyRead(req: Request, _res: Response, next: () => void): void {
  if (req.method !== 'GET' && req.method !== 'HEAD') throw methodNotAllowed(['GET', 'HEAD']);
  next();
}

/** Tools of other origins may read it; who has it already is told so. */
function send(req: Request, res: Response, { text, etag }: Sent): void {
  res.set({ 'Access-Control-Allow-Origin': '*', 'Cache-Control': 'no-cache', ETag: etag });
  if (req.headers['if-none-match'] === etag) {
    res.status(304).end();
    return;
  }
  res.setHeader('Content-Type', 'application/json; charset=utf-8');
  res.end(text);
}
