// The TypeScript types of each surface: a compiler takes them, and every documented answer and request is one of them.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { loadShapes } from '../../src/mapping/load/check-mappings.ts';
import { toPascalCase } from '../../src/mapping/openapi/schema-names.ts';
import type { View } from '../../src/mapping/shape.ts';
import { buildTypes } from '../../src/mapping-tools/typescript.ts';
import { examplesOf, profiles, registry } from '../mapping/examples.ts';

const { surfaces, shapes } = loadShapes('mappings', { profiles, registry });
let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'types-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

/** What a compiler says of a module. */
function compiled(name: string, text: string): string {
  const file = join(directory, `${name}.ts`);
  writeFileSync(file, text);
  try {
    execFileSync(resolve('node_modules/.bin/tsc'), ['--noEmit', '--strict', '--target', 'esnext', '--ignoreConfig', file], {
      stdio: 'pipe',
    });
    return '';
  } catch (error) {
    return String((error as { stdout: Buffer }).stdout);
  }
}

const pick = (view: View, names: string[]): Record<string, string> => Object.fromEntries(names.map((name) => [name, String(view[name])]));
const omit = (view: View, names: string[]): View => Object.fromEntries(Object.entries(view).filter(([name]) => !names.includes(name)));

const facts = { requestId: 'req_1', time: '2026-01-01T00:00:00.000Z', status: 200, rate: { limit: 5, remaining: 4, reset: 3 } };
const page = { limit: 20, offset: 0, hasMore: false, nextOffset: null, cursor: null, total: 1 };

test.each(surfaces.map((surface) => [surface.surface.name, surface] as const))('%s', (name, surface) => {
  const own = shapes.filter(({ shape }) => shape.surface === surface.surface);
  const values = own.flatMap((loaded) => {
    const type = toPascalCase(name) + toPascalCase(loaded.shape.name);
    const { shape } = loaded;
    const { pathParameters } = shape;
    /** A body does not say what the path says, and a list is asked for by it. */
    const bodyOf = (request: View): View => omit(shape.pickKnownFields(request), pathParameters);
    const list = (response: View, search = {}) => shape.wrapList([response], page, facts, { ...pick(response, pathParameters), ...search });
    return examplesOf(loaded).flatMap(({ request, response, search }) => [
      ...(request ? [[`${type}Request`, bodyOf(request)] as const] : []),
      ...(response ? [[type, response] as const] : []),
      ...(response && shape.interactions.includes('search') ? [[`${type}List`, list(response, search)] as const] : []),
    ]);
  });
  expect(values.length).toBeGreaterThan(1);
  const uses = values.map(([type, value], index) => `export const v${index}: ${type} = ${JSON.stringify(value)};`);
  const text = buildTypes(surface, own);
  expect(compiled(name, [text, ...uses].join('\n'))).toBe('');
  const [, [type]] = values as [unknown, readonly [string, unknown]];
  expect(compiled(`${name}-wrong`, `${text}\nexport const wrong: ${type} = { shoe_size: 42 };`)).toMatch(/error TS2/);
});
