// Which panels can be ordered without configuration: the invented tests only with a sandbox.
import { readConfig } from '../../src/config.ts';
import { SANDBOX_PANELS } from '../../src/junction-sandbox/sandbox-state.ts';
import { buildDemoCurls, readDemo } from '../../src/server/development/demo.ts';
import { readPanels, usesSandbox } from '../../src/server/panels.ts';

const KEY = { JUNCTION_API_KEY: 'sk_us_x' };

test.each([
  ['without a key', {}],
  ['on this machine', { ...KEY, JUNCTION_BASE_URL: 'http://127.0.0.1:4010' }],
])('%s orders go to a sandbox, and its panels can be ordered', (_where, env) => {
  expect([usesSandbox(readConfig(env)), readPanels(readConfig(env))]).toEqual([true, SANDBOX_PANELS]);
});

test.each([
  ['at the host of the key', KEY],
  ['at a host of Junction’s that is named', { ...KEY, JUNCTION_BASE_URL: 'https://api.sandbox.us.junction.com' }],
  ['at a host that may lead there', { ...KEY, JUNCTION_BASE_URL: 'https://junction-proxy.example.com' }],
  ['at an older name of it', { ...KEY, JUNCTION_BASE_URL: 'https://api.sandbox.tryvital.io/' }],
  ['in production', { NODE_ENV: 'production', DATABASE_URL: 'postgres://h/d' }],
])('%s only configured panels are known', (_where, env) => {
  expect([usesSandbox(readConfig(env)), readPanels(readConfig(env))]).toEqual([false, undefined]);
  expect(readPanels(readConfig({ ...env, JUNCTION_PANELS: '{"pcos":["x"]}' }))).toEqual({ pcos: ['x'] });
});

test('no curl for an order is printed when orders reach a laboratory', async () => {
  const demo = readDemo('mappings');
  const paths = (sandbox: boolean) =>
    buildDemoCurls(demo, { baseUrl: 'http://h', sandbox, keyHeader: () => 'x-api-key: k' }).flatMap(
      (line) => /^curl -sS '([^']+)/.exec(line)?.[1] ?? [],
    );
  expect(paths(true)).toContain('http://h/v1/lab-orders');
  expect(paths(false)).toEqual(paths(true).filter((path) => !/lab-orders|physicians/.test(path)));
});
