// `npm run build:console`: builds the console's application (src/console) into `console-build/`, each file also compressed. npm runs it after `npm install`
// (`prepare`) with --if-possible: without development packages there is no Vite, and the server works without the console.
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const ROOT = join(import.meta.dirname, '..');
const SOURCES = join(ROOT, 'src', 'console');
const TARGET = join(ROOT, 'console-build');

/** Changes whenever the build would be another one. */
export function hashSources(): string {
  const hash = createHash('sha256');
  const files = [
    'package-lock.json',
    'scripts/build-console.ts',
    ...globSync('src/{console,design,json-changes}/**/*.*', { cwd: ROOT }),
  ].sort();
  for (const file of files) hash.update(file).update(readFileSync(join(ROOT, file)));
  return hash.digest('hex').slice(0, 20);
}

/** The version of the build in `console-build/`; undefined: there is none. */
export function readBuildVersion(): string | undefined {
  const file = join(TARGET, 'build.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version : undefined;
}

const COMPRESSED = /\.(?:html|js|css|svg)$/;

/** Builds beside the target and then takes its place: a server that starts meanwhile finds a whole build. */
export async function buildConsole(): Promise<void> {
  const { build } = await import('vite');
  const version = hashSources();
  const outDir = `${TARGET}.${process.pid}`;
  await build({
    root: SOURCES,
    configFile: false,
    base: '/console/',
    logLevel: 'error',
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    build: {
      outDir,
      emptyOutDir: true,
      target: 'es2023',
      modulePreload: { polyfill: false },
      assetsInlineLimit: 0,
      chunkSizeWarningLimit: 1000,
    },
  });
  for (const file of globSync('**/*.*', { cwd: outDir }).filter((name) => COMPRESSED.test(name))) compress(join(outDir, file));
  writeFileSync(join(outDir, 'build.json'), `${JSON.stringify({ version })}\n`);
  rmSync(TARGET, { recursive: true, force: true });
  renameSync(outDir, TARGET);
}

function compress(path: string): void {
  const content = readFileSync(path);
  const quality = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY, [constants.BROTLI_PARAM_SIZE_HINT]: content.length };
  writeFileSync(`${path}.br`, brotliCompressSync(content, { params: quality }));
  writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
}

const isInstalled = (): boolean => existsSync(SOURCES) && existsSync(join(ROOT, 'node_modules', 'vite'));

if (import.meta.main) {
  if (!process.argv.includes('--if-possible') || isInstalled()) await buildConsole();
  else console.log('The console is not built, because development packages are not installed: the server works without it.');
}
