// The built console as it is served: its size, its headers, its deep links, and what there is when it was not built.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import request from 'supertest';
import { buildConsolePageRouter, readConsoleBuild } from '../../src/http/console/serve.ts';
import { type Running, startFacet } from '../journeys/running-server.ts';
import { ensureConsoleBuild } from './open-console.ts';

let facet: Running;
beforeAll(async () => {
  await ensureConsoleBuild();
  facet = await startFacet();
});
afterAll(() => facet.close());

test('no file of the build has inline code, evaluates texts or names another host', async () => {
  const { text, headers } = await request(facet.app).get('/console');
  expect(text).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=/);
  expect(headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';/);
  expect(headers['content-security-policy']).not.toContain('unsafe');
  expect([headers['x-content-type-options'], headers['referrer-policy'], headers['cross-origin-opener-policy']]).toEqual([
    'nosniff',
    'no-referrer',
    'same-origin',
  ]);
  for (const name of readdirSync('console-build/assets').filter((file) => file.endsWith('.js')))
    expect([name, /\beval\(|new Function\(/.test(readFileSync(`console-build/assets/${name}`, 'utf8'))]).toEqual([name, false]);
});

test('the page is checked for changes each time, and files with a hash in their name are kept', async () => {
  const page = await request(facet.app).get('/console').expect(200);
  expect(page.headers['cache-control']).toBe('no-cache');
  await request(facet.app).get('/console').set('If-None-Match', page.headers.etag!).expect(304);
  const [, script = ''] = /src="([^"]+)"/.exec(page.text)!;
  const file = await request(facet.app).get(script).set('Accept-Encoding', 'gzip, br').expect(200);
  expect([file.headers['cache-control'], file.headers['content-encoding'], file.headers.vary]).toEqual([
    'public, max-age=31536000, immutable',
    'br',
    'Accept-Encoding',
  ]);
  const plain = await request(facet.app).get(script).set('Accept-Encoding', 'identity').expect(200);
  expect(plain.headers['content-encoding']).toBeUndefined();
  expect((await request(facet.app).get(script).set('Accept-Encoding', 'gzip').expect(200)).headers['content-encoding']).toBe('gzip');
  const head = await request(facet.app).head(script).expect(200);
  expect(Number(head.headers['content-length'])).toBeGreaterThan(0);
});

test('a deep link opens the page; a missing file, the API and the session do not', async () => {
  for (const path of ['/console/', '/console/orders/1', '/console/Patient/a.b'])
    expect([path, (await request(facet.app).get(path)).text]).toEqual([path, expect.stringContaining('id="app"')]);
  for (const path of ['/console/assets/index-old.js', '/console/assets/..%2f..%2fpackage.json', '/console/session/nothing'])
    expect([path, (await request(facet.app).get(path)).status]).toEqual([path, 404]);
  expect((await request(facet.app).get('/console/api/nothing')).status).toBe(401);
  expect((await request(facet.app).post('/console/orders')).status).toBe(405);
});

test('without development packages the build says in one line that it is not made, and succeeds', () => {
  const folder = mkdtempSync(join(tmpdir(), 'facet-production-'));
  mkdirSync(join(folder, 'scripts'));
  cpSync('scripts/build-console.ts', join(folder, 'scripts/build-console.ts'));
  cpSync('src/console', join(folder, 'src/console'), { recursive: true });
  const { prepare } = (JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }).scripts;
  const [program, ...args] = prepare!.split(' ');
  expect(program).toBe('node');
  const printed = execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  expect(printed).toMatch(/^The console is not built, [^\n]+\n$/);
  expect(existsSync(join(folder, 'console-build'))).toBe(false);
  rmSync(folder, { recursive: true });
});

test('where it was not built, one page says how to build it', async () => {
  expect(readConsoleBuild('test/console')).toBeUndefined();
  const app = express().use('/console', buildConsolePageRouter(undefined));
  const { status, text } = await request(app).get('/console/orders');
  expect([status, text]).toEqual([503, expect.stringContaining('npm run build:console')]);
});
