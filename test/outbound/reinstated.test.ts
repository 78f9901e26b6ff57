// An order that was called off and that the network takes up again: its request stays taken back, and the order can be called off again as long as it lives.
// Numbers are rows of docs/failure-matrix.md.
import { eachInAWorld } from './each-world.ts';
import { type FollowWorld, followWorld } from './follow-world.ts';

let here: FollowWorld;
eachInAWorld(followWorld, (world) => {
  here = world;
});

const CANCELLED = 'cancelled.walk_in_test.cancelled';
const request = () => here.read('ServiceRequest', 'one');
const task = async () => (await here.tasks('one'))[0]!;
const there = () => [...here.sandbox.world.orders.values()].map((order) => order.events.at(-1)!.status);
/** How the two of them stand. */
const stand = async () => [(await request()).status, (await task()).status];
/** All that is due, at once and later, and what follows from it. */
const settle = async () => {
  await here.settle();
  await here.follow();
};

/** The two ways of taking an order back. */
const WAYS: [string, () => Promise<void>][] = [
  ['its request is revoked', async () => here.put({ ...(await request()), status: 'revoked' })],
  ['its Task is cancelled', async () => here.put({ ...(await task()), status: 'cancelled' })],
];

/** Somebody at the network takes up again what was cancelled there. */
const reinstated = async (id: string) => {
  here.advance(60);
  here.step(id, 'received.walk_in_test.requisition_created');
  await here.news(id);
};

describe.each(WAYS)('%s, and the network takes the order up again', (_title, withdraw) => {
  test('37: its request stays taken back, its Task says that it runs, and it is called off again when somebody asks', async () => {
    const { id } = await here.ordered();
    await withdraw();
    await settle();
    await reinstated(id);
    expect(await stand()).toEqual(['revoked', 'accepted']);
    await here.put({ ...(await task()), status: 'cancelled' });
    await settle();
    expect([there(), ...(await stand())]).toEqual([[CANCELLED], 'revoked', 'cancelled']);
    await reinstated(id);
    await here.put({ ...(await task()), status: 'cancelled' });
    await settle();
    expect([there(), ...(await stand())]).toEqual([[CANCELLED], 'revoked', 'cancelled']);
  });

  test('though it was the network’s own word that came first: likewise', async () => {
    const { id } = await here.ordered();
    await withdraw();
    here.step(id, CANCELLED);
    await here.news(id);
    await settle();
    await reinstated(id);
    expect(await stand()).toEqual(['revoked', 'accepted']);
  });

  test('and that the laboratory has begun by then: it goes on, its request stays taken back, and its result is not lost', async () => {
    const { id } = await here.ordered();
    await withdraw();
    here.step(id, CANCELLED);
    await here.news(id);
    await settle();
    await reinstated(id);
    here.step(id, 'sample_with_lab.walk_in_test.partial_results');
    await here.news(id);
    await here.put({ ...(await task()), status: 'cancelled' });
    await settle();
    expect(await stand()).toEqual(['revoked', 'in-progress']);
    here.step(id, 'completed.walk_in_test.completed');
    await here.news(id);
    expect(await stand()).toEqual(['revoked', 'completed']);
    expect((await task()).output).toHaveLength(1);
  });
});

test('a cancellation whose answer was lost, and an order that lives again before it is asked once more: cancelled', async () => {
  const { id } = await here.ordered();
  await here.put({ ...(await task()), status: 'cancelled' });
  here.fail({ operation: 'cancelOrder', kind: 'cut', when: 'after' });
  await here.drain();
  await reinstated(id);
  await here.put({ ...(await task()), status: 'cancelled' });
  await settle();
  expect([there(), ...(await stand())]).toEqual([[CANCELLED], 'revoked', 'cancelled']);
});
