// Two hundred orders of two tenants through two real server processes that are killed, to a sandbox with every kind of fault, under one clock that is moved
// forward: each order exists once at the lab network, none is stuck, and FHIR matches the network. `npm run test:orders` does the same with 5,000 orders and 20
// seeds.
import { faultRun } from '../../scripts/orders/fault-run.ts';
import { onServer } from '../store/open.ts';

const SEED = Number(process.env.SEED ?? 20_261_122);

onServer(`orders at the network per sent ServiceRequest = 1, over processes that are killed (seed ${SEED}; PostgreSQL only)`, async () => {
  const {
    wrong: failures,
    ordered,
    insured,
    duringOutages,
  } = await faultRun({ orders: 200, seed: SEED, servers: 2, kills: 2, outages: [1, 30] });
  expect(failures).toEqual([]);
  expect(ordered).toBeGreaterThanOrEqual(200);
  expect(insured).toBeGreaterThanOrEqual(50);
  // each process asks every eight seconds at most, in the time of the clock they share; the run gives them thirty looks at it
  for (const requests of duringOutages) expect(requests).toBeLessThan(400);
});
