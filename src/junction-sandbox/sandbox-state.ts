// What the sandbox holds: the ground truth of one imagined team at Junction, in memory, under a clock that can be moved.
import { randomBytes, randomUUID } from 'node:crypto';
import type { Fault } from './faults.ts';

export interface SandboxUser {
  user_id: string;
  team_id: string;
  client_user_id: string;
  created_on: string;
  /** In ms: from then on there is no such user. Until then it is one as any other. */
  deletedAt?: number;
}

interface SandboxEvent {
  id: number;
  created_at: string;
  status: string;
  status_detail?: string;
}

/** One result as Junction writes it. */
export type SandboxResult = Record<string, unknown>;

/** What the laboratory has reported of an order. */
export interface SandboxReport {
  status: 'partial' | 'final';
  interpretation: string;
  results: SandboxResult[];
  /** What was expected and could not be measured. */
  missing: SandboxResult[];
  collectedAt: string;
  reportedAt: string;
  hasDocument: boolean;
}

/** An order as its maker sent it (`sent`), and what has happened to it. */
export interface SandboxOrder {
  id: string;
  transactionId: string;
  userId: string;
  passthrough: string | null;
  createdAt: string;
  events: SandboxEvent[];
  sent: Record<string, unknown>;
  origin: 'initial' | 'redraw';
  /** The order before it in its journey. */
  parentId: string | null;
  report: SandboxReport | null;
}

export const readStatus = (order: SandboxOrder): string => order.events.at(-1)!.status;

/** How the sample of an order is taken: as it was asked for, else by walking in, which is how the sandbox's lab tests have it. */
export const readCollectionMethod = ({ collection_method: method }: SandboxOrder['sent']): string =>
  (method as string | null | undefined) ?? 'walk_in_test';

/** What goes wrong with the next messages. `times`: with how many; default 1. */
export interface WebhookFault {
  /** `drop`: never sent. `duplicate`: sent twice. `delay`: `seconds` late. `forge`: signed with another secret. `skew`: stamped `seconds` off (as by a wrong clock). */
  kind: 'drop' | 'duplicate' | 'delay' | 'forge' | 'skew';
  seconds?: number;
  times?: number;
}

/** A message for the webhook. `due`: when it is sent, in ms of the team's time; `answers`: the status of each attempt, 0 for none. */
export interface SandboxMessage {
  id: string;
  type: string;
  orderId: string;
  body: string;
  due: number[];
  fault: WebhookFault | undefined;
  answers: number[];
}

interface WebhookState {
  /** Where messages go; undefined: nobody is told anything. */
  url: string | undefined;
  /** `whsec_` and base64. */
  secret: string;
  /** Messages are sent by themselves. */
  automatic: boolean;
  /** Whose time stands in the signature: this machine's, or the team's, which can be moved. */
  clock: 'machine' | 'team';
  /** What goes wrong with the next messages. */
  faults: WebhookFault[];
  messages: SandboxMessage[];
}

export interface SandboxPhysician {
  first_name: string;
  last_name: string;
  npi: string;
  id?: string;
}

/** A question that a marker of a lab test brings with it, and that must be answered. */
export interface SandboxQuestion {
  labTest: string;
  markerId: number;
  questionId: number;
  text: string;
}

/** What an operation answers. */
export interface Reply {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
}

export interface SandboxState {
  apiKey: string;
  teamId: string;
  /** By the name the client gave them. */
  users: Map<string, SandboxUser>;
  orders: Map<string, SandboxOrder>;
  /** First answers by idempotency key. */
  storedReplies: Map<string, { at: number; reply: Reply }>;
  /** Keys of the requests under way. */
  keysInProgress: Set<string>;
  /** What a request is answered under a key of one that is under way: documented nowhere. */
  inProgressStatus: number;
  physicians: SandboxPhysician[];
  faults: Fault[];
  /** Every request that reached an operation, oldest first: what, and under which key. */
  requests: { operation: string; key: string | undefined }[];
  /** How many requests are open now, and the most that ever were at once. */
  openRequests: number;
  maxOpenRequests: number;
  /** For how many seconds an answer is kept under its idempotency key: a day, as documented; 0: every key is forgotten at once. */
  keyLifetimeSeconds: number;
  /** How many users the team may have; Junction's own sandbox stops at 50. */
  maxUsers: number;
  /** So many seconds after an order was made it comes to be listed: nothing promises that lists show at once what was written. */
  listDelaySeconds: number;
  /** Whether a failure in front of an operation is kept under the key of the request: both must be lived with. */
  storesFailures: boolean;
  /** Lab tests this team may order. */
  labTests: ReadonlySet<string>;
  /** Accounts at laboratories that it may order under. */
  labAccounts: ReadonlySet<string>;
  /** What an order for a lab test must answer. */
  questions: SandboxQuestion[];
  webhooks: WebhookState;
  /** The time of this machine, unmoved. */
  machineNow(): Date;
  now(): Date;
  advance(seconds: number): void;
}

/** Panel → lab test ids of the sandbox's team: the panels that are configured when nobody configures any. */
export const SANDBOX_PANELS: Record<string, string[]> = {
  hashimotos: ['5b0c1a52-5a35-4a0f-8a3e-0f2f6c1d7a01'],
  pcos: ['5b0c1a52-5a35-4a0f-8a3e-0f2f6c1d7a02'],
  fertility: ['5b0c1a52-5a35-4a0f-8a3e-0f2f6c1d7a03'],
};

export const SANDBOX_ACCOUNT = 'c2a4f0de-7a1b-4d0e-9f3c-6b8f1d2e3a40';

const SANDBOX_TEAM = '7f3d2c1e-9b64-4c53-9d55-1f7f0c9b2a10';

/** An empty team. `clock`: the time it starts from and runs with. */
export function createSandboxState(clock: () => Date): SandboxState {
  let ahead = 0;
  return {
    apiKey: `sk_us_${randomUUID()}`,
    teamId: SANDBOX_TEAM,
    users: new Map(),
    orders: new Map(),
    storedReplies: new Map(),
    keysInProgress: new Set(),
    inProgressStatus: 409,
    physicians: [],
    faults: [],
    requests: [],
    openRequests: 0,
    maxOpenRequests: 0,
    keyLifetimeSeconds: 24 * 3600,
    maxUsers: Number.POSITIVE_INFINITY,
    listDelaySeconds: 0,
    storesFailures: true,
    labTests: new Set(Object.values(SANDBOX_PANELS).flat()),
    labAccounts: new Set([SANDBOX_ACCOUNT]),
    questions: [],
    webhooks: {
      url: undefined,
      secret: `whsec_${randomBytes(24).toString('base64')}`,
      automatic: true,
      clock: 'machine',
      faults: [],
      messages: [],
    },
    machineNow: clock,
    now: () => new Date(clock().getTime() + ahead),
    advance: (seconds) => {
      ahead += seconds * 1000;
    },
  };
}
