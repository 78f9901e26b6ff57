// The worked example of a vendor that consists of data only: a server runs on its folder, and its examples are sent over HTTP.
import { readFileSync } from 'node:fs';
import request from 'supertest';
import { run } from '../../src/cli/program.ts';
import type { Example } from '../../src/mapping/load/examples.ts';
import type { View } from '../../src/mapping/shape.ts';
import { examplesOf, toQualifiedName, worlds } from '../mapping/examples.ts';
import { BASE_URL, type Running, startFacet } from './running-server.ts';

const FOLDER = 'docs/example-vendor';
const { shapes } = worlds.find(({ folder }) => folder === FOLDER)!.world;
const walked = shapes.map((loaded) => [toQualifiedName(loaded), loaded] as const);

let facet: Running;
beforeAll(async () => {
  facet = await startFacet({ FACET_MAPPINGS: FOLDER });
});
afterAll(() => facet.close());

/** The first list in an answer, however it is wrapped. */
function listIn(body: unknown): View[] {
  if (Array.isArray(body)) return body as View[];
  return (
    Object.values(body as object)
      .filter((item) => typeof item === 'object' && item !== null)
      .map(listIn)[0] ?? []
  );
}

/** The address of the next page, wherever the vendor puts it. */
function nextIn(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const found = Object.values(body).find((text) => typeof text === 'string' && text.startsWith(BASE_URL)) as string | undefined;
  if ((body as View).rel === 'next') return found;
  return Object.values(body)
    .map(nextIn)
    .find((text) => text !== undefined);
}

/** One test for each of these examples; none where there are none. */
function forEach(examples: Example[], what: string, check: (example: Example) => Promise<void>): void {
  for (const example of examples) test(`${what}: ${example.title}`, () => check(example));
}

describe.each(walked)('%s', (_name, loaded) => {
  const { shape } = loaded;
  const { surface, idName } = shape;
  const examples = examplesOf(loaded);
  const call = (method: 'get' | 'post', path = '', keys = facet.demo) => {
    const key = keys[surface.name]!;
    const address = path.startsWith(BASE_URL) ? path.slice(BASE_URL.length) : `/${surface.name}${shape.path}${path}`;
    return request(facet.app)
      [method](address)
      .set(surface.auth.header, surface.auth.scheme === 'bearer' ? `Bearer ${key}` : key);
  };
  const bodyOf = (response: request.Response): View => (response.body.data ?? response.body) as View;
  const list = async (parameters: Record<string, string>): Promise<View[]> => {
    const response = await call('get', `?${new URLSearchParams(parameters)}`);
    expect([parameters, response.status]).toEqual([parameters, 200]);
    return listIn(response.body);
  };

  const creates = examples.filter((example) => shape.interactions.includes('create') && example.request && example.resource);
  forEach(creates, 'what is created is answered, stored and read as the example says', async (example) => {
    const created = await call('post').send(example.request!);
    expect([created.status, bodyOf(created)]).toEqual([201, { ...example.response, [idName]: expect.any(String) }]);
    const id = bodyOf(created)[idName] as string;
    expect((await facet.fhir('get', `/${shape.resource}/${surface.decodeId(shape.resource, id)}`)).body).toMatchObject(example.resource!);
    const repeated = await call('get', `/${id}`);
    expect([repeated.status, bodyOf(repeated), created.headers.location]).toEqual([
      200,
      bodyOf(created),
      expect.stringMatching(new RegExp(`/${id}$`)),
    ]);
    expect((await call('get', `/${id}`, facet.other)).status).toBe(404);
  });

  const refused = examples.filter((example) => 'refuse' in example);
  forEach(refused, 'what is refused is refused by name, in the vendor’s shape', async (example) => {
    const response = await call('post').send(example.refuse as object);
    expect([response.status, JSON.stringify(response.body)]).toEqual([
      surface.describeError('invalid').status,
      expect.stringContaining(example.field!),
    ]);
  });

  const stored = examples.filter((example) => example.stored && example.response && !example.env);
  forEach(stored, 'what FHIR clients stored is shown as the example says', async (example) => {
    expect([200, 201]).toContain((await facet.fhir('put', `/${shape.resource}/${example.stored!.id}`).send(example.stored!)).status);
    expect(bodyOf(await call('get', `/${example.response![idName]}`))).toEqual(example.response);
  });

  const searches = examples.filter((example) => example.search && example.query);
  forEach(searches, 'a filter finds what the FHIR search it becomes finds', async (example) => {
    const found = await facet.fhir('get', `/${example.query!}&_count=100`);
    const ids = ((found.body.entry ?? []) as { resource: { id: string } }[]).map(({ resource }) => resource.id);
    const visible = await list({ ...example.search!, [surface.page.size]: '100' });
    expect([found.status, visible.map((item) => surface.decodeId(shape.resource, item[idName] as string))]).toEqual([200, ids]);
  });

  const refusedSearches = examples.filter((example) => example.searchRefused);
  forEach(refusedSearches, 'a value that is none is refused by name', async (example) => {
    const response = await call('get', `?${new URLSearchParams(example.searchRefused!)}`);
    expect([response.status, JSON.stringify(response.body)]).toEqual([
      surface.describeError('parameter').status,
      expect.stringContaining(example.field!),
    ]);
  });

  (shape.interactions.includes('search') ? test : test.skip)('pages of one lead to all of them', async () => {
    const [first] = examples.filter((example) => example.stored && example.response);
    const ids = [1, 2, 3].map((n) => `0190b3c2-0000-7000-8000-00000000010${n}`);
    for (const id of ids) await facet.fhir('put', `/${shape.resource}/${id}`).send({ ...first!.stored!, id });
    const all = await list({ [surface.page.size]: '100' });
    const seen: View[] = [];
    for (let at: string | undefined = `?${surface.page.size}=1`; at !== undefined && seen.length <= all.length; ) {
      const { body } = await call('get', at);
      seen.push(...listIn(body));
      at = nextIn(body);
    }
    expect(all.length).toBeGreaterThan(2);
    expect(seen).toEqual(all);
  });
});

test('every command of the chapter has the printed output', async () => {
  const chapter = readFileSync('docs/a-vendor-as-data.md', 'utf8');
  const blocks = [...chapter.matchAll(/^```console\n\$ facet ([^\n]*)\n(.*?)\n```$/gms)];
  expect(blocks.length).toBeGreaterThan(1);
  for (const [, command, output] of blocks) {
    const printed = (await printedBy(command!)).split('\n');
    expect([command, output!.split('\n').filter((line) => line !== '…' && !printed.includes(line))]).toEqual([command, []]);
  }
});

async function printedBy(command: string): Promise<string> {
  const lines: string[] = [];
  const { log } = console;
  Object.assign(console, { log: (text: string) => lines.push(text) });
  try {
    await run(command.split(' '));
  } finally {
    Object.assign(console, { log });
  }
  return lines.join('\n');
}
