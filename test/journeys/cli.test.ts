// The command line: tenants and keys before and while the server runs, help, and errors of one sentence.
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { onServer, SERVER_URL } from '../store/open.ts';
import { call, emptyPlace, type FacetProcess, facet, killAll, type Place, printed, type Said, startProcess } from './server-process.ts';

let place: Place;
let server: FacetProcess & { url: string };
beforeAll(async () => {
  place = await emptyPlace();
});
afterAll(async () => {
  await killAll();
  await place.remove();
});

const run = (...args: string[]): Promise<Said> => facet(place.env, ...args);
const runFacet = (...args: string[]) => printed(place.env, ...args);
const KEY = /^ {2}([a-z]+_live_[0-9A-Za-z]{32})$/m;
const newKey = async (surface: string, ...more: string[]): Promise<{ id: string; text: string }> => {
  const lines = await runFacet('keys', 'create', '--tenant', 'springfield', '--surface', surface, ...more);
  return { id: /key-[0-9a-f]{16}/.exec(lines[0]!)![0], text: KEY.exec(lines.join('\n'))![1]! };
};
const patients = async (key: string) => (await call(`${server.url}/fhir/R4/Patient`, key)).status;

/** State → how many migrations are in it. */
const migrationStates = async (): Promise<Record<string, number>> => {
  const states = (await runFacet('migrations', 'status')).slice(1).map((line) => line.split(/ {2,}/)[1]!);
  return Object.fromEntries(Object.entries(Object.groupBy(states, (state) => state)).map(([state, list]) => [state, list!.length]));
};

describe('before the server runs', () => {
  onServer('the migrations of an empty database are pending, and asking for them runs none', async () => {
    expect(await migrationStates()).toEqual({ pending: expect.any(Number) });
    expect(await migrationStates()).toEqual({ pending: expect.any(Number) });
  });

  test('there are no tenants; a list command creates no database, because the folder may be misspelt', async () => {
    const { code, stdout, stderr } = await run('tenants', 'list');
    if (SERVER_URL === undefined) {
      expect([code, stderr]).toEqual([1, expect.stringMatching(/^facet: there is no database in .*data: .*FACET_DATA_DIR.*DATABASE_URL/)]);
      expect(existsSync(place.directory)).toBe(false);
    } else expect([code, stdout]).toEqual([0, 'no tenants yet: facet tenants create <name>\n']);
  });

  test('a tenant and a key are created; the key is shown once, and the lists show them in columns', async () => {
    expect(await runFacet('tenants', 'create', 'springfield', '--name', 'Springfield Clinic')).toEqual([
      expect.stringMatching(/^tenant springfield created/),
    ]);
    const { id, text } = await newKey('fhir', '--name', 'import', '--scopes', 'system/Patient.rs', '--expires', '2999-01-31');
    expect(await runFacet('tenants', 'list')).toEqual([
      'ID  TENANT       STATUS  BRAND        NAME', //
      '1   springfield  active  springfield  Springfield Clinic',
    ]);
    const keys = await runFacet('keys', 'list', '--tenant', 'springfield');
    expect(keys).toEqual([
      'KEY                   SURFACE  SCOPES             STATUS  EXPIRES                   LAST USED  PATIENT  NAME',
      `${id}  fhir     system/Patient.rs  active  2999-01-31T00:00:00.000Z  never      –        import`,
    ]);
    expect(keys.join()).not.toContain(text);
    expect(await migrationStates()).toEqual({ applied: expect.any(Number) });
  });
});

describe('while the server runs', () => {
  beforeAll(async () => {
    server = await startProcess(place.env);
  });

  test('no migration is pending', async () => {
    expect(await migrationStates()).toEqual({ applied: expect.any(Number) });
  });

  test('a new tenant and its keys work at once, each on its own surface and within its scopes', async () => {
    const [all, read, loop] = [await newKey('fhir'), await newKey('fhir', '--scopes', 'read'), await newKey('loop')];
    expect(await Promise.all([patients(all.text), patients(read.text), patients(loop.text)])).toEqual([200, 200, 403]);
    expect((await call(`${server.url}/fhir/R4/Patient`, read.text, { body: { resourceType: 'Patient' } })).status).toBe(403);
    expect((await call(`${server.url}/v1/patients?brand_id=x`, loop.text)).status).toBe(200);
  });

  test('a patient key is listed with the id of its Patient, and opens only that patient’s endpoints', async () => {
    const all = await newKey('fhir');
    const created = await call(`${server.url}/fhir/R4/Patient`, all.text, { body: { resourceType: 'Patient' } });
    const { id } = created.body as { id: string };
    const own = await newKey('loop', '--patient', id);
    const lines = await runFacet('keys', 'list', '--tenant', 'springfield');
    expect(lines).toContainEqual(expect.stringMatching(`${own.id} +loop .* never +never +${id}`));
    const body = { date_of_birth: '1990-02-03' };
    expect((await call(`${server.url}/v1/patients/me/age-verification`, own.text, { body })).status).toBe(200);
    expect((await call(`${server.url}/v1/patients?brand_id=x`, own.text)).status).toBe(403);
    expect(await patients(own.text)).toBe(403);
  });

  test('a revoked key is refused after two seconds; other keys still work', async () => {
    const [revoked, valid] = [await newKey('fhir'), await newKey('fhir')];
    expect(await Promise.all([patients(revoked.text), patients(valid.text)])).toEqual([200, 200]);
    expect(await runFacet('keys', 'revoke', revoked.id, '--tenant', 'springfield')).toEqual([`key ${revoked.id} revoked`]);
    expect(await lastOpened(revoked.text)).toBeLessThan(2000);
    expect(await patients(valid.text)).toBe(200);
    expect(await runFacet('keys', 'list', '--tenant', 'springfield')).toContainEqual(
      expect.stringMatching(`${revoked.id}  fhir .* revoked  never`),
    );
  });

  test('the keys of a disabled tenant are refused after two seconds; other tenants still work', async () => {
    await runFacet('tenants', 'create', 'shelbyville');
    expect(await runFacet('keys', 'list', '--tenant', 'shelbyville')).toEqual(['tenant shelbyville has no keys yet']);
    const lines = await runFacet('keys', 'create', '--tenant', 'shelbyville', '--surface', 'fhir');
    const key = KEY.exec(lines.join('\n'))![1]!;
    expect(await patients(key)).toBe(200);
    expect(await runFacet('tenants', 'disable', 'shelbyville')).toEqual([expect.stringMatching(/^tenant shelbyville disabled/)]);
    expect(await lastOpened(key)).toBeLessThan(2000);
    expect(await patients(place.keys().demo.fhir!)).toBe(200);
    expect(await runFacet('tenants', 'list')).toContainEqual(expect.stringMatching(/shelbyville +disabled +shelbyville +shelbyville$/));
    expect((await run('keys', 'create', '--tenant', 'shelbyville', '--surface', 'fhir')).stderr).toMatch(
      /^facet: tenant shelbyville is disabled/,
    );
  });

  test('lists of orders and subscriptions contain only their own entries', async () => {
    expect(await runFacet('orders')).toEqual(['no orders in state open']);
    expect(await runFacet('subscriptions')).toEqual(['no subscriptions']);
    expect((await run('orders', 'lst')).stderr).toBe("facet: unknown command 'lst' (Did you mean list?)\n");
  });

  test.each([
    'tenants create Springfield',
    'tenants create springfield',
    'tenants create',
    'tenants disable nobody',
    'tenants lst',
    'keys list',
    'keys list --tenant nobody',
    'keys create --tenant springfield',
    'keys create --tenant springfield --surface constructor',
    'keys create --tenant springfield --surface fhir --scopes everything',
    'keys create --tenant springfield --surface fhir --scopes ,',
    'keys create --tenant springfield --surface fhir --expires tomorrow',
    'keys create --tenant springfield --surface fhir --expires 2020-01-31',
    'keys revoke key-0000000000000000 --tenant springfield',
    'keys rotate key-0000000000000000 --tenant springfield',
    'keys create --tenant springfield --operator',
    'keys create --operator --surface fhir',
    'keys create --operator --scopes read',
    'keys create --tenant springfield --surface operator',
    'keys create --tenant springfield --surface admin --scopes read',
    'keys create --tenant springfield --surface admin --patient nobody',
    'keys create --tenant springfield --surface loop --patient 0190b3c2-0000-7000-8000-000000000009',
    'keys create --tenant springfield --surface loop --patient nobody',
    'keys create --tenant springfield --surface fhir --patient nobody',
    'frobnicate',
    'mapping check loop/patien',
    'mapping try loop/patient nowhere.json',
  ])('the error of "facet %s" is one sentence', async (command) => {
    expect(await run(...command.split(' '))).toEqual({ code: 1, stdout: '', stderr: expect.stringMatching(/^facet: [^\n]{10,}\n$/) });
  });
});

describe('--help', () => {
  const commands = [
    'mapping new',
    'mapping check',
    'mapping explain',
    'mapping try',
    'mapping types',
    'orders list',
    'orders show',
    'orders retry',
    'orders park',
    'orders release',
    'tenants create',
    'tenants list',
    'tenants disable',
    'keys create',
    'keys list',
    'keys revoke',
    'keys rotate',
    'keys log',
    'tenants enable',
    'start',
  ];
  test.each(commands)('of %s describes the command and each option', async (command) => {
    const lines = await runFacet(...command.split(' '), '--help');
    expect(lines[0]).toMatch(`Usage: facet ${command}`);
    expect(lines[2]).toMatch(/^[a-z].{9,}$/);
    expect(lines.filter((line) => /^ {2}-/.test(line))).toEqual(lines.filter((line) => /^ {2}-.* {2,}\S/.test(line)));
  });

  test.each(['', 'tenants', 'keys', 'mapping', 'orders'])('of "%s" lists its commands with a description', async (group) => {
    const lines = await runFacet(...group.split(' ').filter(Boolean), '--help');
    const listed = lines.slice(lines.indexOf('Commands:') + 1).filter((line) => /^ {2}[a-z]/.test(line));
    expect(listed.length).toBeGreaterThanOrEqual(4);
    expect(listed.filter((line) => !/^ {2}\S.* {2,}\S/.test(line))).toEqual([]);
  });
});

onServer('a database that does not exist is named, and what to do about it', async () => {
  const url = new URL(place.env.DATABASE_URL!);
  url.pathname = '/facet_not_there';
  const { code, stderr } = await facet({ ...place.env, DATABASE_URL: url.href }, 'tenants', 'list');
  const sentence =
    process.env.TEST_DATABASE_POOLER === undefined
      ? /^facet: DATABASE_URL: there is no database "facet_not_there": create it, or name another one\n$/
      : /^facet: DATABASE_URL: the pooler at \S+ refuses the connection: .*facet_not_there.*\n$/;
  expect([code, stderr]).toEqual([1, expect.stringMatching(sentence)]);
});

/** A key that is let in for so long is let in for good. */
const LONGEST_MS = 20_000;

/** How many ms from now on a request may begin with this key and still be let into the FHIR API; 0: none is. */
async function lastOpened(key: string): Promise<number> {
  const from = performance.now();
  let opened = from;
  for (let begun = from; begun - from < LONGEST_MS && (await patients(key)) === 200; begun = performance.now()) {
    opened = begun;
    await delay(50);
  }
  expect(await patients(key)).toBe(401);
  return opened - from;
}
