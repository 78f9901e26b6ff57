// What goes wrong at the network and on the ways to it, and what happens at the laboratory meanwhile, at random.
import type { Fault } from '../../src/junction-sandbox/faults.ts';
import { advanceOrder } from '../../src/junction-sandbox/lifecycle.ts';
import { readStatus, type SandboxState, type WebhookFault } from '../../src/junction-sandbox/sandbox-state.ts';

const FAULTS: Fault[] = [
  { kind: 'error' },
  { kind: 'error', when: 'after' },
  { kind: 'error', when: 'after', status: 503 },
  { kind: 'error', status: 429, retryAfter: 30 },
  { kind: 'error', status: 401 },
  { kind: 'error', status: 403 },
  { kind: 'page', status: 404 },
  { kind: 'error', status: 504 },
  { kind: 'reset' },
  { kind: 'reset', when: 'after' },
  { kind: 'reset', when: 'after', status: 500 },
  { kind: 'reset', when: 'after', status: 503 },
  { kind: 'cut', when: 'after' },
  { kind: 'slow', seconds: 0.3 },
  { kind: 'slow', when: 'after', seconds: 0.3 },
  { kind: 'error', when: 'after', status: 409 },
  { kind: 'other' },
  { kind: 'other' },
  { kind: 'hang' },
  { kind: 'hang', when: 'after' },
];
/** What a network does that forgets its keys and whose list is behind, after it has made the order or before. */
const FORGETFUL_FAULTS: Fault[] = [
  { kind: 'error', when: 'after', status: 409 },
  { kind: 'error', when: 'after', status: 409 },
  { kind: 'reset', when: 'after' },
  { kind: 'cut', when: 'after' },
  { kind: 'other' },
  { kind: 'reset' },
  { kind: 'error', status: 429, retryAfter: 10 },
  { kind: 'hang', when: 'after' },
];
/** How far its list is behind, in seconds: less than orders wait for it. */
const BEHIND = [2, 5, 15];
const MISHAPS: WebhookFault[] = [
  { kind: 'drop', times: 3 },
  { kind: 'duplicate', times: 3 },
  { kind: 'delay', seconds: 24 * 3600 },
  { kind: 'delay', seconds: 90, times: 3 },
  { kind: 'forge' },
  { kind: 'skew', seconds: -900 },
  { kind: 'skew', seconds: 900 },
];
/** What may happen next to an order at the laboratory. */
const NEXT: [from: RegExp, to: string[]][] = [
  [/\.ordered$/, ['received.walk_in_test.requisition_created']],
  [/\.requisition_created$/, ['collecting_sample.walk_in_test.appointment_pending', 'cancelled.walk_in_test.cancelled']],
  [/\.appointment_pending$/, ['sample_with_lab.walk_in_test.partial_results', 'completed.walk_in_test.completed']],
  [/\.partial_results$/, ['completed.walk_in_test.completed', 'failed.walk_in_test.sample_error']],
  [/\.completed$/, ['completed.walk_in_test.corrected']],
];
const OTHER_OPERATIONS = [
  'orders',
  'orders',
  'user',
  'order',
  'result',
  'cancelOrder',
  'userInfo',
  'createInsurance',
  'createInsurance',
  'insurance',
];
const MOST_FAULTS = 20;
/** How far lists are behind what was made, in seconds. */
const LIST_DELAYS = [0, 0, 2, 30];
/** What says that a request is still under way under its key: nobody knows which. */
const IN_PROGRESS_STATUSES = [409, 400];

/** What it needs to know of a run. `hooks`: where webhooks may go; `failuresKept`: whether failures in front of the network are kept under a key. */
export interface Scene {
  world: SandboxState;
  /** Moves the clock of all networks. */
  advance(seconds: number): void;
  random: () => number;
  hooks: string[];
  failuresKept: boolean;
}

/** One thing that goes wrong, or happens at the laboratory. Time leaps by up to 20 s. */
export function mischief(scene: Scene): void {
  const { world, random } = scene;
  const what = random();
  if (what < 0.4) fault(scene);
  else if (what < 0.7) scene.advance(random() * 20);
  else if (what < 0.85) atTheLaboratory(scene);
  else if (what < 0.93) world.webhooks.faults = [...world.webhooks.faults, pick(random, MISHAPS)].slice(0, MOST_FAULTS);
  else if (what < 0.96) {
    world.listDelaySeconds = pick(random, LIST_DELAYS);
    world.inProgressStatus = pick(random, IN_PROGRESS_STATUSES);
  } else if (what < 0.99) world.webhooks.url = pick(random, scene.hooks);
  else world.storesFailures = scene.failuresKept;
}

/** The network has no keys from now on; another of these faults waits for one of the next orders. */
export function forgetful({ world, random }: Pick<Scene, 'world' | 'random'>): void {
  world.keyLifetimeSeconds = 0;
  world.listDelaySeconds = pick(random, BEHIND);
  if (world.faults.length < MOST_FAULTS) world.faults = [...world.faults, { ...pick(random, FORGETFUL_FAULTS), operation: 'createOrder' }];
}

/** The network keeps its keys for a day again, and lists what it has. */
export function recover(world: SandboxState): void {
  world.keyLifetimeSeconds = 24 * 3600;
  world.listDelaySeconds = 0;
  world.faults = [];
}

const pick = <T>(random: () => number, list: readonly T[]): T => list[Math.floor(random() * list.length)]!;

function fault({ world, random }: Scene): void {
  const fault = pick(random, FAULTS);
  const operation = random() < 0.6 ? 'createOrder' : pick(random, OTHER_OPERATIONS);
  if (world.faults.length < MOST_FAULTS) world.faults = [...world.faults, { ...fault, operation }];
}

/** Moves one of these orders to its next state. `silent`: the share of changes without a webhook. */
export function atTheLaboratory({ world, random }: Pick<Scene, 'world' | 'random'>, all = [...world.orders.values()], silent = 0.2): void {
  const order = all.length ? pick(random, all) : undefined;
  const to = order && NEXT.find(([from]) => from.test(readStatus(order)))?.[1];
  const wishes = { silent: random() < silent, missing: random() < 0.2, interpretation: random() < 0.1 ? 'critical' : 'normal' };
  if (order && to) advanceOrder(world, order, pick(random, to), wishes);
}
