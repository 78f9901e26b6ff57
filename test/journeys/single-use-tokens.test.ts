// Access tokens for one use, on two server processes with one PostgreSQL. Not on the embedded engine, which has one process.
import { AUDIENCE, startIssuer, type TestIssuer } from '../access-tokens/issuer-fixture.ts';
import { SERVER_URL } from '../store/open.ts';
import { killAll, migratedPlace, type Place, startProcess } from './server-process.ts';

(SERVER_URL === undefined ? describe.skip : describe)('two servers on one database', () => {
  let issuer: TestIssuer;
  let place: Place;
  let env: Record<string, string>;
  let urls: string[];
  const start = async (): Promise<string> => (await startProcess(env)).url;
  beforeAll(async () => {
    issuer = await startIssuer();
    place = await migratedPlace();
    const entries = [{ issuer: issuer.url, audience: AUDIENCE, tenant: 'demo', singleUse: true }];
    env = { ...place.env, FACET_ISSUERS: JSON.stringify(entries) };
    urls = [await start(), await start()];
  });
  afterAll(async () => {
    await killAll();
    await place.remove();
    await issuer.close();
  });

  const read = async (url: string, token: string): Promise<number> =>
    (await fetch(`${url}/fhir/R4/Patient?_count=0`, { headers: { Authorization: `Bearer ${token}` } })).status;

  test('a token that both get at once is accepted by one of them, in each of twenty rounds', async () => {
    for (let round = 0; round < 20; round++) {
      const token = await issuer.token();
      expect((await Promise.all(urls.map((url) => read(url, token)))).sort()).toEqual([200, 401]);
    }
  });

  test('a used token stays used after a restart', async () => {
    const token = await issuer.token();
    expect(await read(urls[0]!, token)).toBe(200);
    expect([await read(await start(), token), await read(urls[1]!, token)]).toEqual([401, 401]);
  });
});
