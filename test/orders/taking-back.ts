// Orders that are taken back: the ways of doing so, and how things stand afterwards.
import type { Resource } from '../../src/fhir/types.ts';
import type { FollowWorld } from './follow-world.ts';

export const CANCELLED = 'cancelled.walk_in_test.cancelled';

/** Of the request `one` in the world that a test is in. */
export function takingBack(world: () => FollowWorld) {
  const request = (): Promise<Resource> => world().read('ServiceRequest', 'one');
  const task = async (): Promise<Resource> => (await world().tasks('one'))[0]!;
  /** The two ways of taking an order back. */
  const ways: [string, () => Promise<void>][] = [
    ['its request is revoked', async () => world().put({ ...(await request()), status: 'revoked' })],
    ['its Task is cancelled', async () => world().put({ ...(await task()), status: 'cancelled' })],
  ];
  return {
    request,
    task,
    ways,
    /** The newest status of every order at the network. */
    there: () => [...world().sandbox.state.orders.values()].map((order) => order.events.at(-1)!.status),
    /** How request and Task stand. */
    stand: async () => [(await request()).status, (await task()).status],
    /** All that is due, at once and later, and what follows from it. */
    async settle(): Promise<void> {
      await world().settle();
      await world().follow();
    },
  };
}
