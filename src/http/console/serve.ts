// The console: a web application that is built beforehand. Its files are read once. A path that is no file is one of its views, so it gets the page.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { type Request, type RequestHandler, type Response, Router } from 'express';
import { matchesEtag } from '../../fhir/etag.ts';
import { methodNotAllowed, notFound } from '../../fhir/outcome.ts';

/** A file of the build, with its encodings that were made with it. */
interface BuiltFile {
  type: string;
  encodings: Map<string, Buffer>;
}

export interface ConsoleBuild {
  /** Path below the folder → file. */
  files: Map<string, BuiltFile>;
  etag: string;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.css': 'text/css',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
};
/** The preferred one first. */
const ENCODINGS = [
  ['br', '.br'],
  ['gzip', '.gz'],
] as const;
const PAGE = 'index.html';

/** Undefined: the console was not built. */
export function readConsoleBuild(folder: string): ConsoleBuild | undefined {
  if (!existsSync(join(folder, PAGE))) return undefined;
  const names = globSync('**/*.*', { cwd: folder }).filter((name) => Object.hasOwn(TYPES, extname(name)));
  const files = new Map(names.map((name) => [name.replaceAll('\\', '/'), readBuiltFile(join(folder, name))]));
  const { version } = JSON.parse(readFileSync(join(folder, 'build.json'), 'utf8')) as { version: string };
  return { files, etag: `W/"${version}"` };
}

function readBuiltFile(path: string): BuiltFile {
  const encodings = new Map([['identity', readFileSync(path)]]);
  for (const [name, ending] of ENCODINGS) if (existsSync(path + ending)) encodings.set(name, readFileSync(path + ending));
  return { type: TYPES[extname(path)]!, encodings };
}

/** Nothing inline, nothing evaluated, and nothing from other hosts. `blob:` is for documents and images that the console has read with its session. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data: blob:",
  'frame-src blob:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS = {
  'Content-Security-Policy': POLICY,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

/** The names of these files contain a hash of their content. */
const HASHED = /^assets\//;
const IMMUTABLE = 'public, max-age=31536000, immutable';

/** The router of `/console`, behind those of its API and its session. */
export function buildConsolePageRouter(build: ConsoleBuild | undefined): Router {
  const router = Router({ caseSensitive: true });
  router.use((req, _res, next) => {
    if (req.method !== 'GET' && req.method !== 'HEAD') throw methodNotAllowed(['GET', 'HEAD']);
    next();
  });
  router.use(build ? buildFileHandler(build) : sendNotBuilt);
  return router;
}

const buildFileHandler =
  ({ files, etag }: ConsoleBuild): RequestHandler =>
  (req, res) => {
    const path = req.path.slice(1);
    const file = files.get(path);
    // an old page may ask for a file of an old build: the page instead would be run as a script
    if (!file && HASHED.test(path)) throw notFound('there is nothing at this path');
    res.set({ ...HEADERS, 'Cache-Control': file && HASHED.test(path) ? IMMUTABLE : 'no-cache', ETag: etag });
    if (matchesEtag(etag, req.headers['if-none-match'] ?? '')) res.status(304).end();
    else sendFile(req, res, file ?? files.get(PAGE)!);
  };

function sendFile(req: Request, res: Response, { type, encodings }: BuiltFile): void {
  const encoding = ENCODINGS.map(([name]) => name).find((name) => encodings.has(name) && req.acceptsEncodings(name)) ?? 'identity';
  res.set({ 'Content-Type': `${type}; charset=utf-8`, Vary: 'Accept-Encoding' });
  if (encoding !== 'identity') res.set('Content-Encoding', encoding);
  const body = encodings.get(encoding)!;
  res.set('Content-Length', String(body.length)).end(req.method === 'HEAD' ? undefined : body);
}

const sendNotBuilt: RequestHandler = (req, res) => {
  res.status(503).set({ ...HEADERS, 'Content-Type': 'text/html; charset=utf-8' });
  res.end(
    `<!doctype html><html lang="en"><title>Facet</title><p>The console is not built: run npm install, or npm run build:console, and start the server again. The API is at <a href="/docs">/docs</a>.</p></html>\n`,
  );
  req.resume();
};
