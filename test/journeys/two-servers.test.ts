// Two server processes on one PostgreSQL with concurrent equal requests: each takes effect once, and no response is 500. Not on the embedded engine, which has
// one process and one connection.
import { SERVER_URL } from '../store/open.ts';
import { call, emptyPlace, type FacetProcess, type KeyFile, killAll, type Place, startProcess } from './server-process.ts';

const onServer = SERVER_URL === undefined ? describe.skip : describe;

onServer('two servers on one database', () => {
  let place: Place;
  let servers: (FacetProcess & { url: string })[];
  let keys: KeyFile['demo'];
  beforeAll(async () => {
    place = await emptyPlace();
    servers = await Promise.all([startProcess(place.env), startProcess(place.env)]);
    keys = place.keys().demo;
  });
  afterAll(async () => {
    await killAll();
    await place.remove();
  });

  type More = Parameters<typeof call>[2];
  /** Sends so many at once, one half to each server; `more` says what, by number. */
  const atOnce = (times: number, surface: string, path: string, more: (n: number) => More) =>
    Promise.all(Array.from({ length: times }, (_one, n) => call(servers[n % 2]!.url + path, keys[surface]!, more(n))));
  const fhir = (path: string, more?: More) => call(`${servers[0]!.url}/fhir/R4${path}`, keys.fhir!, more);
  /** How often each status was answered. */
  const tally = (responses: { status: number }[]) =>
    Object.fromEntries([...Map.groupBy(responses, ({ status }) => status)].map(([status, all]) => [status, all.length]));

  test('two servers start at once on an empty database, and the written keys open both', async () => {
    for (const surface of ['demo', 'other'] as const) {
      const key = place.keys()[surface].fhir!;
      for (const { url } of servers) expect((await call(`${url}/fhir/R4/Patient`, key)).status).toBe(200);
    }
  });

  test('fifty concurrent conditional creates of one identifier create one resource, in each of twenty rounds', async () => {
    for (let round = 0; round < 20; round++) {
      const identifier = { system: 'urn:mrn', value: `round-${round}` };
      const responses = await atOnce(50, 'fhir', '/fhir/R4/Patient', (n) => ({
        headers: { 'If-None-Exist': `identifier=urn:mrn|round-${round}` },
        body: { resourceType: 'Patient', identifier: [identifier], multipleBirthInteger: n },
      }));
      expect([round, tally(responses)]).toEqual([round, { 200: 49, 201: 1 }]);
      expect(new Set(responses.map(({ text }) => text)).size).toBe(1);
      expect((await fhir(`/Patient?identifier=urn:mrn|round-${round}&_summary=count`)).body.total).toBe(1);
    }
  });

  test('concurrent updates of one resource become successive versions: none is refused or lost', async () => {
    const path = '/fhir/R4/Patient/wanted-by-all';
    const responses = await atOnce(120, 'fhir', path, (n) => ({
      method: 'PUT',
      body: { resourceType: 'Patient', id: 'wanted-by-all', multipleBirthInteger: n },
    }));
    expect(tally(responses)).toEqual({ 200: 119, 201: 1 });
    const counted = Array.from(responses, (_one, n) => String(n + 1));
    const versions = responses.map(({ body }) => [body.meta.versionId, body.multipleBirthInteger]);
    expect(versions.map(([version]) => version).sort((a, b) => a - b)).toEqual(counted);
    const history = await fhir('/Patient/wanted-by-all/_history?_count=200');
    const stored = history.body.entry.map(({ resource }: { resource: { meta: { versionId: string }; multipleBirthInteger: number } }) => [
      resource.meta.versionId,
      resource.multipleBirthInteger,
    ]);
    expect(stored).toEqual(versions.sort(([a], [b]) => b - a));
  });

  test('of concurrent updates with If-Match one succeeds, the others are 412', async () => {
    const { body } = await fhir('/Patient', { body: { resourceType: 'Patient' } });
    const responses = await atOnce(20, 'fhir', `/fhir/R4/Patient/${body.id}`, (n) => ({
      method: 'PUT',
      headers: { 'If-Match': 'W/"1"' },
      body: { resourceType: 'Patient', id: body.id, multipleBirthInteger: n },
    }));
    expect(tally(responses)).toEqual({ 200: 1, 412: 19 });
  });

  const physician = { name: 'Maria Cruz', email: 'maria@example.com', state_license: '1' };
  const practitioners = async (npi: string) => (await fhir(`/Practitioner?identifier=http://hl7.org/fhir/sid/us-npi|${npi}`)).body.entry;

  test('concurrent registrations of one physician create one registration', async () => {
    const body = { ...physician, npi: '1666666661', license_state: 'NY' };
    expect(tally(await atOnce(20, 'loop', '/v1/physicians', () => ({ body })))).toEqual({ 201: 1, 409: 19 });
    expect(await practitioners(body.npi)).toHaveLength(1);
  });

  test('concurrent registrations in many states create one Practitioner with a registration for each', async () => {
    const npi = '1666666662';
    const states = ['NY', 'CA', 'TX', 'FL', 'WA', 'OR', 'NV', 'AZ'];
    const responses = await atOnce(states.length, 'loop', '/v1/physicians', (n) => ({
      body: { ...physician, npi, license_state: states[n] },
    }));
    expect(tally(responses)).toEqual({ 201: states.length });
    expect(new Set(responses.map(({ body }) => body.id)).size).toBe(states.length);
    expect(await practitioners(npi)).toHaveLength(1);
    const read = await Promise.all(responses.map(({ body }) => call(`${servers[1]!.url}/v1/physicians/${body.id}`, keys.loop!)));
    expect(read.map(({ body }) => body)).toEqual(responses.map(({ body }) => body));
  });

  test('registrations and concurrent changes of the same Practitioner through FHIR are all stored', async () => {
    const npi = '1666666663';
    const register = (license_state: string, n: number) =>
      call(`${servers[n % 2]!.url}/v1/physicians`, keys.loop!, { body: { ...physician, npi, license_state } });
    await register('NY', 0);
    const [{ resource }] = await practitioners(npi);
    const path = `/Practitioner/${resource.id}`;
    const languages = ['fr', 'de', 'es', 'it', 'nl', 'pt', 'sv', 'fi'];
    /** Adds one language to what stands, again when another writer was first. */
    const speak = async (code: string): Promise<void> => {
      const { body } = await fhir(path);
      const communication = [...(body.communication ?? []), { coding: [{ code }] }];
      const headers = { 'If-Match': `W/"${body.meta.versionId}"` };
      const { status } = await fhir(path, { method: 'PUT', headers, body: { ...body, communication } });
      if (status !== 200) await speak(code);
    };
    const [responses] = await Promise.all([
      Promise.all(['CA', 'TX', 'FL', 'WA', 'OR', 'NV', 'AZ', 'UT'].map(register)),
      (async () => {
        for (const code of languages) await speak(code);
      })(),
    ]);
    expect(tally(responses)).toEqual({ 201: 8 });
    const read = await Promise.all(responses.map(({ body }) => call(`${servers[1]!.url}/v1/physicians/${body.id}`, keys.loop!)));
    expect(read.map(({ body }) => body)).toEqual(responses.map(({ body }) => body));
    const { body } = await fhir(path);
    expect(body.communication.map(({ coding }: { coding: { code: string }[] }) => coding[0]!.code)).toEqual(languages);
  });

  test('concurrent creates of one patient create one patient', async () => {
    const body = { brand_id: 'loop', first_name: 'Only', last_name: 'One', external_ids: { shop: '77' } };
    expect(tally(await atOnce(20, 'loop', '/v1/patients', () => ({ body })))).toEqual({ 201: 1, 409: 19 });
  });

  test('concurrent orders with one key are one order, and all get the same response', async () => {
    const { body: patient } = await fhir('/Patient?family=lovelace&birthdate=1985-12-10');
    const body = { brand_id: 'loop', patient_id: patient.entry[0].resource.id, panel_id: 'pcos' };
    const responses = await atOnce(10, 'loop', '/v1/lab-orders', () => ({ headers: { 'idempotency-key': 'one' }, body }));
    expect(tally(responses)).toEqual({ 201: 10 });
    expect(new Set(responses.map(({ text }) => text)).size).toBe(1);
    expect((await fhir(`/ServiceRequest?subject=Patient/${body.patient_id}&_summary=count`)).body.total).toBe(1);
  });
});
