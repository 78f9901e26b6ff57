// Orders by the administration below /admin: what waits and why, what happened, and what an operator does.
import { type ReadOptions, request } from './request.ts';
import { findTenant, type Session } from './session.ts';

export type OrderAction = 'retry' | 'park' | 'release' | 'drop';

/** The message that places or cancels an order. */
export interface OrderMessage {
  order: string;
  message: 'order' | 'cancellation';
  state: string;
  attempts: number;
  nextAttempt: string | null;
  reason: string | null;
  actions: OrderAction[];
}

export type TimelineEntry = { at: string } & (
  | { kind: 'ordered' | 'cancellation' }
  | { kind: 'event'; until: string; times: number; of: string; what: string; state: string; reason: string | null }
  | { kind: 'webhook'; type: string | null; state: string; reason: string | null }
  | { kind: 'status'; task: string; version: number; status: string; networkStatus: string | null }
  | { kind: 'report'; report: string; version: number; status: string }
);

export interface AdminOrder extends OrderMessage {
  account: string;
  meaning: string;
  parkedByOperator: boolean;
  firstSent: string | null;
  lastSent: string | null;
  lastKey: string | null;
  networkUser: string | null;
  networkOrder: string | null;
  transaction: string | null;
  physician: { name: string; npi: string } | null;
  cancellation: OrderMessage | null;
  networkOrders: { id: string; failedPolls: number; nextPoll: string | null; reason: string | null }[];
  timeline: TimelineEntry[];
}

/** An order in the sandbox that stands in for the laboratory. */
interface SandboxOrder {
  status: string;
  steps: string[];
}

/** The query that names the tenant of the session, for the administration: an operator must name it, an administrator may. Undefined: the session has no key for it. */
export function findAdminQuery({ surfaces }: Session): string | undefined {
  const slug = findTenant({ surfaces })?.slug;
  const isOpen = surfaces.some(({ name }) => name === 'admin' || name === 'operator');
  return isOpen && slug !== undefined ? `tenant=${encodeURIComponent(slug)}` : undefined;
}

const toPath = (id: string, action: string, query: string): string => `/admin/orders/${encodeURIComponent(id)}${action}?${query}`;

/** The messages that wait, oldest first: at most 200. */
export const listWaiting = async (query: string, options?: ReadOptions): Promise<OrderMessage[]> =>
  (await request<{ orders: OrderMessage[] }>(`/admin/orders?state=open&limit=200&${query}`, options)).body.orders;

export const readAdminOrder = async (id: string, query: string, options?: ReadOptions): Promise<AdminOrder> =>
  (await request<AdminOrder>(toPath(id, '', query), options)).body;

/** Returns a sentence that says what happens next. */
export const actOnOrder = async (id: string, query: string, { action, reason }: { action: OrderAction; reason: string }): Promise<string> =>
  (await request<{ message: string }>(toPath(id, `/${action}`, query), { method: 'POST', body: { reason } })).body.message;

export const readSandbox = async (id: string, query: string, options?: ReadOptions): Promise<SandboxOrder> =>
  (await request<SandboxOrder>(toPath(id, '/sandbox', query), options)).body;

export const stepSandbox = async (id: string, query: string, fields: { step: string; interpretation?: string }): Promise<SandboxOrder> =>
  (await request<SandboxOrder>(toPath(id, '/sandbox', query), { method: 'POST', body: fields })).body;
