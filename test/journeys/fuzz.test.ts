// 1,500 requests that are valid or nearly valid, through every operation of the OpenAPI documents. FUZZ_REQUESTS sends another number. `npm run test:fuzz`
// does the same for longer, and sends single requests again.
import { fuzz } from '../../scripts/fuzz/run.ts';
import { startTarget } from '../../scripts/fuzz/target.ts';
import { killAll, migratedPlace, type Place } from './server-process.ts';

let place: Place;
beforeAll(async () => {
  place = await migratedPlace();
});
afterAll(async () => {
  await killAll();
  await place.remove();
});

test('no request leads to a server error, a lost connection, a slow response, or an error of another form', async () => {
  const { server, ...target } = await startTarget(place);
  const requests = Number(process.env.FUZZ_REQUESTS ?? 1500);
  const { findings, accepted, acceptedBodies, statuses } = await fuzz(target, { seed: 1, from: 0, requests, clients: 8 });
  expect(findings).toEqual([]);
  // the server has logged no failure
  expect(server.lines.filter((line) => line.startsWith('{'))).toEqual([]);
  expect(accepted).toBeGreaterThan(0.5);
  expect(acceptedBodies).toBeGreaterThan(0.5);
  for (const status of [200, 201, 204, 400, 404, 409, 412, 422]) expect(statuses[status]).toBeGreaterThan(0);
});
