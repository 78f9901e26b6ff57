// What a request allocates is collected soon after it: the collections of the young generation leave little of it. docs/decisions/0064-memory-of-requests.md
import { resolve } from 'node:path';
import { SERVER_URL } from '../store/open.ts';
import { killAll, launchIn, migratedPlace, type Place, readyUrl } from './server-process.ts';

let place: Place;
afterAll(async () => {
  await killAll();
  await place.remove();
});

const CLIENTS = 16;
/** Young collections before those that are compared: they also leave what the server keeps for good. */
const FIRST_COLLECTIONS = 8;
/** Between the collections that are compared. */
const FEWEST_REQUESTS = 3000;
const MOST_REQUESTS = 60_000;

/** The size of the heap after a young collection, in MB: `Scavenge 167.3 (266.9) -> 115.8 (266.5) MB`. Undefined: another line. */
const readHeapSize = (line: string): number | undefined => {
  const size = /Scavenge .* -> ([\d.]+) \(/.exec(line)?.[1];
  return size === undefined ? undefined : Number(size);
};

test('a thousand requests leave less than 6 MB after collections of the young generation', async () => {
  place = await migratedPlace();
  const server = launchIn(resolve('.'), place.env, [process.execPath, '--trace-gc', 'bin/facet.js', 'start']);
  const url = await readyUrl(server);
  const headers = { Authorization: `Bearer ${place.keys().demo.fhir}`, 'Content-Type': 'application/fhir+json' };
  const patient = JSON.stringify({ resourceType: 'Patient', name: [{ family: 'Lovelace', given: ['Ada'] }], birthDate: '1985-12-10' });
  const send = async (path: string, body?: string): Promise<string> => {
    const response = await fetch(`${url}/fhir/R4/${path}`, { headers, ...(body !== undefined && { method: 'POST', body }) });
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    return response.text();
  };
  const { id } = JSON.parse(await send('Patient', patient)) as { id: string };
  let requests = 0;
  /** The number of requests and the size of the heap at each young collection; empty after a collection of all. */
  const collected: { requests: number; size: number }[] = [];
  let seen = server.lines.length;
  const readLines = (): void => {
    for (const line of server.lines.slice(seen)) {
      const size = readHeapSize(line);
      if (size !== undefined) collected.push({ requests, size });
      if (line.includes('Mark-Compact')) collected.length = 0;
    }
    seen = server.lines.length;
  };
  const listCompared = () => collected.slice(FIRST_COLLECTIONS);
  const isEnough = (): boolean => {
    const [first] = listCompared();
    return requests > MOST_REQUESTS || (first !== undefined && collected.at(-1)!.requests - first.requests >= FEWEST_REQUESTS);
  };
  const client = async (): Promise<void> => {
    while (!isEnough()) {
      await send('Patient/$validate', patient);
      // the embedded engine has a queue of its own, which keeps the memory of earlier statements
      if (SERVER_URL !== undefined) await send(`Patient/${id}`);
      requests += SERVER_URL === undefined ? 1 : 2;
      readLines();
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  const [first, last] = [listCompared()[0]!, collected.at(-1)!];
  expect(last.requests - first.requests).toBeGreaterThanOrEqual(FEWEST_REQUESTS);
  expect((last.size - first.size) / ((last.requests - first.requests) / 1000)).toBeLessThan(6);
});
