// Withdraws an order by its request or its Task, and reads the states afterwards.
import type { Resource } from '../../src/fhir/types.ts';
import type { TrackingFixture } from './tracking-fixture.ts';

export const CANCELLED = 'cancelled.walk_in_test.cancelled';

/** Withdraws the request `one` of a test's fixture. */
export function buildWithdrawal(fixture: () => TrackingFixture) {
  const request = (): Promise<Resource> => fixture().read('ServiceRequest', 'one');
  const task = async (): Promise<Resource> => (await fixture().tasks('one'))[0]!;
  /** The two ways to withdraw an order. */
  const ways: [string, () => Promise<void>][] = [
    ['its request is revoked', async () => fixture().put({ ...(await request()), status: 'revoked' })],
    ['its Task is cancelled', async () => fixture().put({ ...(await task()), status: 'cancelled' })],
  ];
  return {
    request,
    task,
    ways,
    /** The newest status of every order at the network. */
    networkStatuses: () => [...fixture().sandbox.state.orders.values()].map((order) => order.events.at(-1)!.status),
    /** The statuses of request and Task. */
    readStatuses: async () => [(await request()).status, (await task()).status],
    /** Sends and tracks everything that is due, now and later. */
    async settle(): Promise<void> {
      await fixture().drainAll();
      await fixture().track();
    },
  };
}
