// An order that was called off and that the network takes up again: its request stays taken back, and the order can be called off again as long as it lives.
// Numbers are rows of docs/failure-matrix.md.
import { eachInAWorld } from './each-world.ts';
import { type FollowWorld, followWorld } from './follow-world.ts';
import { CANCELLED, takingBack } from './taking-back.ts';

let here: FollowWorld;
eachInAWorld(followWorld, (world) => {
  here = world;
});

const { task, ways, there, stand, settle } = takingBack(() => here);

/** Somebody at the network takes up again what was cancelled there. */
const reinstated = async (id: string) => {
  here.advance(60);
  here.step(id, 'received.walk_in_test.requisition_created');
  await here.news(id);
};

/** It is taken back here, and the network says so before it is asked. */
const endedThere = async (withdraw: () => Promise<void>): Promise<string> => {
  const { id } = await here.ordered();
  await withdraw();
  here.step(id, CANCELLED);
  await here.news(id);
  await settle();
  return id;
};

describe.each(ways)('%s, and the network takes the order up again', (_title, withdraw) => {
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
    const id = await endedThere(withdraw);
    await reinstated(id);
    expect(await stand()).toEqual(['revoked', 'accepted']);
  });

  test('and that the laboratory has begun by then: it goes on, its request stays taken back, and its result is not lost', async () => {
    const id = await endedThere(withdraw);
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
