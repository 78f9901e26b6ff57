// Concurrent transactions on two server processes with one PostgreSQL, one of which is killed: each succeeds or fails as a unit, and reported successes are
// stored. https://hl7.org/fhir/R4/http.html#trules
import { onServer } from '../store/open.ts';
import { call, killAll, migratedPlace, startProcess } from './server-process.ts';

const CLIENTS = 16;
const ROUNDS = 8;
const IDS = ['a', 'b', 'c', 'd', 'e', 'f'];

onServer('a process that dies leaves no half transaction behind', async () => {
  const place = await migratedPlace();
  try {
    const servers = await Promise.all([startProcess(place.env), startProcess(place.env)]);
    const key = place.keys().demo.fhir!;
    const outcomes: string[] = [];
    const failures: number[] = [];
    const write = async (client: number, round: number): Promise<void> => {
      const tag = `${client}-${round}`;
      const order = client % 3 ? IDS : IDS.toReversed();
      const entry = order.map((id) => ({
        resource: { resourceType: 'Patient', id, meta: { tag: [{ code: tag }] } },
        request: { method: 'PUT', url: `Patient/${id}` },
      }));
      const body = { resourceType: 'Bundle', type: 'transaction', entry };
      const response = await call(`${servers[client % 2]!.url}/fhir/R4`, key, { body }).catch(() => undefined);
      if (response?.status === 200) outcomes.push(tag);
      else if (response && response.status !== 409 && response.status !== 503) failures.push(response.status);
      if (outcomes.length === CLIENTS) servers[1]!.signal('SIGKILL');
    };
    await Promise.all(
      Array.from({ length: CLIENTS }, async (_one, client) => {
        for (let round = 0; round < ROUNDS; round++) await write(client, round);
      }),
    );
    expect(failures).toEqual([]);
    const histories = await Promise.all(
      IDS.map(async (id) => {
        const { body } = await call(`${servers[0]!.url}/fhir/R4/Patient/${id}/_history?_count=1000`, key);
        return body.entry.map((entry: { resource: { meta: { tag: { code: string }[] } } }) => entry.resource.meta.tag[0]!.code) as string[];
      }),
    );
    for (const history of histories) expect(history).toEqual(histories[0]);
    expect(outcomes.filter((tag) => !histories[0]!.includes(tag))).toEqual([]);
    expect(new Set(histories[0]).size).toBe(histories[0]!.length);
    expect(outcomes.length).toBeGreaterThanOrEqual((CLIENTS / 2) * ROUNDS);
  } finally {
    await killAll();
    await place.remove();
  }
});
