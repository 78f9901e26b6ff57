// The fault proof finds orders that are billed to another insurance than their own, and users who were insured twice without a reason.
import { insuredTwice, wronglyBilled } from '../../scripts/orders/insured-orders.ts';
import { createSandboxState, type SandboxOrder, type SandboxState } from '../../src/junction-sandbox/sandbox-state.ts';

/** A sandbox in which an order with the key `k` is billed to the first of these records of its user. */
function buildWorld(members: string[], isBilled = true): SandboxState {
  const world = createSandboxState(() => new Date());
  world.insurances.set(
    'user',
    members.map((member_id, index) => ({ id: `i${index}`, sent: { member_id } })),
  );
  // type assertion: only these fields are compared
  world.orders.set('o', { id: 'o', passthrough: 'k', userId: 'user', insuranceId: isBilled ? 'i0' : null } as SandboxOrder);
  return world;
}
const billedTo = (member: string | undefined) => new Map([['k', member]]);

test('an order that is billed to its own insurance is right, and so is one that is billed to none', () => {
  expect(wronglyBilled(buildWorld(['a']), billedTo('a'))).toEqual([]);
  expect(wronglyBilled(buildWorld([], false), billedTo(undefined))).toEqual([]);
});

test.each<[string, SandboxState, string | undefined]>([
  ['another insurance', buildWorld(['a']), 'b'],
  ['an insurance instead of the organisation', buildWorld(['a']), undefined],
  ['the organisation instead of an insurance', buildWorld([], false), 'a'],
  ['a user with two insurances', buildWorld(['a', 'b']), 'a'],
  ['a user who was insured twice', buildWorld(['a', 'a']), 'a'],
])('%s is found', (_title, world, member) => {
  expect(wronglyBilled(world, billedTo(member))).not.toEqual([]);
});

test('a second, equal insurance is counted, and is right after the network has failed twice', () => {
  const world = buildWorld(['a', 'a']);
  const refused = { kind: 'error' as const, status: 403 };
  world.requests.push({ operation: 'insurance', path: ['user'], key: undefined, fault: refused });
  expect([wronglyBilled(world, billedTo('a')), insuredTwice(world)]).toEqual([[], ['user']]);
});
