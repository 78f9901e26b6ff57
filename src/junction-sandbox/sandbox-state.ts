// The state of the sandbox: one imagined team at Junction, in memory, with a clock that can be moved.
import { randomBytes, randomUUID } from 'node:crypto';
import { isObject } from '../fhir/json-values.ts';
import type { Fault } from './faults.ts';

export interface SandboxUser {
  user_id: string;
  team_id: string;
  client_user_id: string;
  created_on: string;
  /** In ms: the user exists until then. */
  deletedAt?: number;
}

interface SandboxEvent {
  id: number;
  created_at: string;
  status: string;
  status_detail?: string;
}

/** In Junction's format. */
export type SandboxResult = Record<string, unknown>;

export interface SandboxReport {
  status: 'partial' | 'final';
  interpretation: string;
  results: SandboxResult[];
  /** Expected markers that could not be measured. */
  missing: SandboxResult[];
  collectedAt: string;
  reportedAt: string;
  hasDocument: boolean;
}

/** A record of an insurance. `sent`: the request that created it. */
export interface SandboxInsurance {
  id: string;
  sent: Record<string, unknown>;
}

/** `sent`: the request that created the order. */
export interface SandboxOrder {
  id: string;
  transactionId: string;
  userId: string;
  passthrough: string | null;
  createdAt: string;
  events: SandboxEvent[];
  sent: Record<string, unknown>;
  /** The record of the insurance that is billed; null: another billing type. */
  insuranceId: string | null;
  origin: 'initial' | 'redraw';
  /** The order of the same transaction that this one replaces. */
  parentId: string | null;
  report: SandboxReport | null;
}

export const readStatus = (order: SandboxOrder): string => order.events.at(-1)!.status;

/** A lab test of several markers that is a test kit. */
export const SANDBOX_TEST_KIT = '5b0c1a52-5a35-4a0f-8a3e-0f2f6c1d7a05';

export const toLabTestMethod = (labTest: unknown): string => (labTest === SANDBOX_TEST_KIT ? 'testkit' : 'walk_in_test');

/** As requested, or that of the first lab test. */
export function readCollectionMethod({ collection_method: method, order_set: set }: SandboxOrder['sent']): string {
  if (typeof method === 'string') return method;
  return toLabTestMethod(isObject(set) && Array.isArray(set.lab_test_ids) ? set.lab_test_ids[0] : undefined);
}

/** A fault of the next messages. `times`: of how many; default 1. */
export interface WebhookFault {
  /** `drop`: never sent. `duplicate`: sent twice. `delay`: `seconds` late. `forge`: signed with another secret. `skew`: with a timestamp that is `seconds` off. */
  kind: 'drop' | 'duplicate' | 'delay' | 'forge' | 'skew';
  seconds?: number;
  times?: number;
}

/** `due`: when it is sent, in ms of the team's time; `answers`: the status of each attempt, 0 without a response. */
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
  /** Where messages are sent; undefined: nowhere. */
  url: string | undefined;
  /** `whsec_` and base64. */
  secret: string;
  /** Due messages are sent without a request to do so. */
  automatic: boolean;
  /** Which time is signed: this machine's, or the team's, which can be moved. */
  clock: 'machine' | 'team';
  faults: WebhookFault[];
  messages: SandboxMessage[];
}

export interface SandboxPhysician {
  first_name: string;
  last_name: string;
  npi: string;
  id?: string;
}

/** A question of a marker that every order of the lab test must answer. */
export interface SandboxQuestion {
  labTest: string;
  markerId: number;
  questionId: number;
  text: string;
}

/** The request of an operation. */
export interface SandboxRequest {
  /** The groups of the path pattern. */
  path: string[];
  query: URLSearchParams;
  body: Record<string, unknown>;
}

/** The response of an operation. */
export interface Reply {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
}

export const ok = (body: unknown): Reply => ({ status: 200, body });
export const refuse = (status: number, detail: unknown): Reply => ({ status, body: { detail } });

export interface SandboxState {
  apiKey: string;
  teamId: string;
  /** By client_user_id. */
  users: Map<string, SandboxUser>;
  /** By user_id: the demographics, and the insurances, oldest first. */
  userInfo: Map<string, Record<string, unknown>>;
  insurances: Map<string, SandboxInsurance[]>;
  orders: Map<string, SandboxOrder>;
  /** By idempotency key. */
  storedReplies: Map<string, { at: number; reply: Reply }>;
  /** Idempotency keys of running requests. */
  keysInProgress: Set<string>;
  /** The status for a request whose key is in progress. Junction does not document it. */
  inProgressStatus: number;
  physicians: SandboxPhysician[];
  faults: Fault[];
  /** Every request that reached an operation, oldest first. */
  requests: { operation: string; path: string[]; key: string | undefined; fault: Fault | undefined }[];
  /** Requests that are open now, and the maximum so far. */
  openRequests: number;
  maxOpenRequests: number;
  /** For how long a reply is stored under its idempotency key: a day, as documented; 0: not at all. */
  keyLifetimeSeconds: number;
  /** Junction's own sandbox allows 50. */
  maxUsers: number;
  /** Age from which an order is listed: Junction does not promise that lists are up to date. */
  listDelaySeconds: number;
  /** Whether a failure before the operation is stored under the idempotency key. Clients must handle both. */
  storesFailures: boolean;
  /** Ids of the lab tests that this team may order. */
  labTests: ReadonlySet<string>;
  /** Ids of its lab tests that were deactivated. */
  inactiveLabTests: ReadonlySet<string>;
  /** The most items in one page of the catalogue, whatever a request asks for. */
  cataloguePageSize: number;
  /** Ids of the accounts at laboratories that it may use. */
  labAccounts: ReadonlySet<string>;
  questions: SandboxQuestion[];
  webhooks: WebhookState;
  /** This machine's time. `now` is the team's, which `advance` moves. */
  machineNow(): Date;
  now(): Date;
  advance(seconds: number): void;
}

/** Panel → lab test ids of the sandbox's team: the default of JUNCTION_PANELS with a sandbox. */
export const SANDBOX_PANELS: Record<string, string[]> = {
  hashimotos: ['5b0c1a52-5a35-4a0f-8a3e-0f2f6c1d7a01'],
  pcos: ['5b0c1a52-5a35-4a0f-8a3e-0f2f6c1d7a02'],
  fertility: ['5b0c1a52-5a35-4a0f-8a3e-0f2f6c1d7a03'],
};

/** A lab test of one marker, which is no panel. */
export const SANDBOX_SINGLE_TEST = '5b0c1a52-5a35-4a0f-8a3e-0f2f6c1d7a04';

export const SANDBOX_ACCOUNT = 'c2a4f0de-7a1b-4d0e-9f3c-6b8f1d2e3a40';

const SANDBOX_TEAM = '7f3d2c1e-9b64-4c53-9d55-1f7f0c9b2a10';

/** `clock`: the time of this machine, with which the team's time starts. */
export function createSandboxState(clock: () => Date): SandboxState {
  let ahead = 0;
  return {
    apiKey: `sk_us_${randomUUID()}`,
    teamId: SANDBOX_TEAM,
    users: new Map(),
    userInfo: new Map(),
    insurances: new Map(),
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
    labTests: new Set([...Object.values(SANDBOX_PANELS).flat(), SANDBOX_SINGLE_TEST, SANDBOX_TEST_KIT]),
    inactiveLabTests: new Set(),
    cataloguePageSize: 100,
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
