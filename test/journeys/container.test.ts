// The steps of the Dockerfile build a server that starts and is healthy, and compose.yaml has the settings that it needs.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { readConfig } from '../../src/config.ts';
import { buildImage } from './image.ts';
import { withRegistry } from './registry.ts';
import { emptyPlace, killAll, launchIn, type Place, readyUrl } from './server-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'facet-image-'));
let place: Place;
beforeAll(async () => {
  place = await emptyPlace();
});
afterAll(async () => {
  await killAll();
  await place.remove();
  rmSync(folder, { recursive: true });
});

withRegistry('the steps of the Dockerfile make a server that starts, is healthy, and runs as nobody special', async () => {
  const image = buildImage('Dockerfile', folder, { ...process.env, npm_config_prefer_offline: 'true' });
  expect([image.user, image.env.NODE_ENV]).toEqual(['node', 'production']);
  // production needs a PostgreSQL: without one the same files serve with the embedded database
  const production = place.env.DATABASE_URL === undefined ? {} : { NODE_ENV: 'production' };
  const server = launchIn(image.folder, { ...place.env, ...production }, [...image.entrypoint, ...image.command]);
  const url = await readyUrl(server);
  expect(await (await fetch(`${url}/healthz`)).json()).toEqual({ status: 'ok' });
  expect((await fetch(`${url}/console`)).status).toBe(200);
  const [program = '', ...args] = image.healthcheck;
  const check = (port: string) => execFileSync(program, args, { env: { PATH: process.env.PATH, PORT: port }, stdio: 'pipe' });
  check(new URL(url).port);
  server.signal('SIGTERM');
  await server.ended;
  expect(() => check(new URL(url).port)).toThrow();
});

test('compose.yaml starts the server after PostgreSQL is ready, with settings that the server knows', () => {
  const { services } = parse(readFileSync('compose.yaml', 'utf8')) as {
    services: Record<'database' | 'facet', { environment: Record<string, string>; healthcheck?: object; depends_on?: object }>;
  };
  expect(services.database.healthcheck).toBeDefined();
  expect(services.facet.depends_on).toEqual({ database: { condition: 'service_healthy' } });
  const settings = Object.entries(services.facet.environment).map(([name, text]) => [name, text.replace(/\$\{\w+(?::-([^}]*))?\}/g, '$1')]);
  const config = readConfig({ NODE_ENV: 'production', ...Object.fromEntries(settings) });
  expect([config.databaseUrl, config.baseUrl, config.deprecations]).toEqual([
    'postgres://facet:@database:5432/facet',
    'http://localhost:3000',
    [],
  ]);
});
