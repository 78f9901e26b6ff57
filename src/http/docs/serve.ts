// `/docs`: a page that shows the OpenAPI documents and sends requests from the browser. Its content security policy allows no inline code and no other hosts.
// https://developer.mozilla.org/docs/Web/HTTP/Guides/CSP, docs/decisions/0063-docs-page.md
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { type Response, Router } from 'express';
import { methodNotAllowed } from '../../fhir/outcome.ts';
import { findDevelopmentKeys, type ReadDevelopmentKeys } from '../middleware/development-keys.ts';

/** The page, and what it has in common with the console: colours, fonts, icon. */
const FOLDERS = [join(import.meta.dirname, 'page'), join(import.meta.dirname, '..', '..', 'design')];
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.css': 'text/css',
  '.js': 'text/javascript',
  '.svg': 'image/svg+xml',
};

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS = {
  'Content-Security-Policy': POLICY,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-cache',
};

/** The router of `/docs`. The files are read once. */
export function buildDocsRouter(readDevelopmentKeys: ReadDevelopmentKeys): Router {
  const files = new Map(FOLDERS.flatMap((folder) => readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))] as const)));
  const router = Router({ caseSensitive: true });
  const send = (res: Response, name: string): void => {
    res.set({ ...HEADERS, 'Content-Type': `${TYPES[extname(name)]}; charset=utf-8` }).end(files.get(name));
  };
  router.use((req, _res, next) => {
    if (req.method !== 'GET' && req.method !== 'HEAD') throw methodNotAllowed(['GET', 'HEAD']);
    next();
  });
  router.get('/', (_req, res) => send(res, 'page.html'));
  router.get('/development-keys.json', async (req, res) => {
    const tenants = (await findDevelopmentKeys(readDevelopmentKeys, req)) ?? {};
    res.set({ ...HEADERS, 'Cache-Control': 'no-store' }).json({ tenants });
  });
  router.get('/:name', (req, res, next) => (files.has(req.params.name) ? send(res, req.params.name) : next()));
  return router;
}
