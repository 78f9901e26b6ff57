// The orders in the OpenAPI document of the administration, and the steps of the sandbox.
import { type AdminDocumentOperation, closed, type Json, OPTIONAL_TEXT, parameter, schema, TEXT, TIME } from './admin-schemas.ts';

const REASON_EXAMPLE = { reason: 'the network is back, ticket 4711' };

const buildAction = (name: string, summary: string, description: string): AdminDocumentOperation => ({
  path: `/orders/{id}/${name}`,
  method: 'post',
  id: `${name}Order`,
  tag: 'orders',
  summary,
  description: `${description} 409: the state of the order does not allow it. The reason is stored with the order, for other operators; it must not name a patient.`,
  parameters: ['order', 'tenant'],
  request: { schema: 'OrderReason', example: REASON_EXAMPLE },
  responses: { 200: 'OrderMessage' },
  errors: ['409', '413', '415'],
});

export const ORDER_OPERATIONS: AdminDocumentOperation[] = [
  {
    path: '/orders',
    method: 'get',
    id: 'listOrders',
    tag: 'orders',
    summary: 'List orders and cancellations, oldest first',
    description:
      'Ids, times, states and reasons; nothing about a patient. If others follow, next is the value of after in the following request.',
    parameters: ['tenant', 'state', 'limit', 'after'],
    responses: { 200: 'Orders' },
  },
  {
    path: '/orders/{id}',
    method: 'get',
    id: 'readOrder',
    tag: 'orders',
    summary: 'Read an order with everything that happened to it',
    description:
      'By the id of its ServiceRequest. The timeline has at most 50 events of a message, and 200 webhooks and versions of a resource.',
    parameters: ['order', 'tenant'],
    responses: { 200: 'Order' },
  },
  buildAction(
    'retry',
    'Send a waiting order now',
    'The same bytes are sent under the same key, after a look-up if the order may have arrived.',
  ),
  buildAction('park', 'Stop sending an order', 'Its Task is on hold until the order is released.'),
  buildAction('release', 'Continue with a parked order', 'It is looked up before it is sent if it may have arrived.'),
  buildAction(
    'drop',
    'Give a waiting order up',
    'Its request is revoked. An order that may have arrived is cancelled if it is found. Needs a reason.',
  ),
];

export const SANDBOX_OPERATIONS: AdminDocumentOperation[] = [
  {
    path: '/orders/{id}/sandbox',
    method: 'get',
    id: 'readSandboxOrder',
    tag: 'sandbox',
    summary: 'Read the steps that the sandbox can do with an order now (development only)',
    parameters: ['order', 'tenant'],
    responses: { 200: 'SandboxOrder' },
    errors: ['409'],
  },
  {
    path: '/orders/{id}/sandbox',
    method: 'post',
    id: 'stepSandboxOrder',
    tag: 'sandbox',
    summary: 'Let the sandbox do a step with an order (development only)',
    description: 'By default the next status. The status and the results of the order follow within about a second.',
    parameters: ['order', 'tenant'],
    request: { schema: 'SandboxStep', example: { step: 'final', interpretation: 'abnormal' } },
    responses: { 200: 'SandboxOrder' },
    errors: ['409', '413', '415'],
  },
];

const COUNT = { type: 'integer', minimum: 0 };
const SOME_TIME = { type: 'string', format: 'date-time' };
const STATE = { enum: ['queued', 'sending', 'unknown', 'parked', 'done', 'refused', 'cancelled'] };

const MESSAGE = {
  order: { ...TEXT, description: 'the id of its ServiceRequest' },
  message: { enum: ['order', 'cancellation'] },
  state: STATE,
  account: { ...TEXT, description: 'the account at the laboratory network' },
  ordered: SOME_TIME,
  attempts: COUNT,
  nextAttempt: { ...TIME, description: 'null: none is planned' },
  reason: { ...OPTIONAL_TEXT, description: 'why the last attempt failed' },
  actions: { type: 'array', items: { enum: ['retry', 'park', 'release', 'drop'] }, description: 'the actions that the state allows' },
};

const ORDER = {
  ...MESSAGE,
  meaning: { ...TEXT, description: 'the state in words' },
  parkedByOperator: { type: 'boolean' },
  task: { ...TEXT, description: 'the id of its Task' },
  firstSent: TIME,
  lastSent: TIME,
  lastKey: { ...OPTIONAL_TEXT, description: 'the idempotency key of the last request, for the support of the network' },
  passthrough: TEXT,
  networkUser: { ...OPTIONAL_TEXT, description: 'the id of the user at the network' },
  physician: {
    anyOf: [closed({ name: TEXT, npi: TEXT }), { type: 'null' }],
    description: 'null: a physician of the network signs the order',
  },
  payor: { ...OPTIONAL_TEXT, description: "the payor code of the insurance; null: the account's default" },
  networkOrder: { ...OPTIONAL_TEXT, description: 'the id of the order at the network' },
  transaction: { ...OPTIONAL_TEXT, description: 'the id of its order transaction' },
  cancellation: { anyOf: [schema('OrderSummary'), { type: 'null' }] },
  networkOrders: { type: 'array', items: schema('NetworkOrder'), description: 'all orders at the network, redraws included, oldest first' },
  timeline: { type: 'array', items: schema('TimelineEntry'), description: 'oldest first' },
};

const kind = (name: string, properties: Json = {}): Json => closed({ at: SOME_TIME, kind: { const: name }, ...properties });
const VERSION = { type: 'integer', minimum: 1 };

const TIMELINE_ENTRY = {
  anyOf: [
    kind('ordered'),
    kind('cancellation'),
    kind('event', {
      until: { ...SOME_TIME, description: 'when it happened last' },
      times: COUNT,
      of: { enum: ['order', 'cancellation'] },
      what: { ...TEXT, description: "attempt, or an operator's or user's action" },
      state: STATE,
      reason: OPTIONAL_TEXT,
    }),
    kind('webhook', { networkOrder: OPTIONAL_TEXT, type: OPTIONAL_TEXT, state: TEXT, reason: OPTIONAL_TEXT }),
    kind('status', { task: TEXT, version: VERSION, status: TEXT, networkStatus: OPTIONAL_TEXT }),
    kind('report', { report: TEXT, version: VERSION, status: TEXT }),
  ],
};

export const ORDER_SCHEMAS: Json = {
  OrderSummary: closed(MESSAGE),
  Orders: closed({ orders: { type: 'array', items: schema('OrderSummary') }, next: TEXT }, ['orders']),
  Order: closed(ORDER),
  NetworkOrder: closed({ id: TEXT, task: TEXT, failedPolls: COUNT, nextPoll: TIME, reason: OPTIONAL_TEXT }),
  TimelineEntry: TIMELINE_ENTRY,
  OrderReason: closed({ reason: { ...TEXT, maxLength: 200 } }, []),
  OrderMessage: closed({ message: { ...TEXT, description: 'what happens next' } }),
  SandboxOrder: closed({ id: TEXT, status: TEXT, steps: { type: 'array', items: TEXT } }),
  SandboxStep: closed(
    {
      step: { enum: ['collect', 'receive', 'partial', 'final', 'corrected', 'fail'] },
      interpretation: { enum: ['normal', 'abnormal', 'critical'] },
    },
    [],
  ),
};

export const ORDER_PARAMETERS: Json = {
  order: parameter('path', 'id', 'the id of the ServiceRequest'),
  state: parameter('query', 'state', 'open (default), all, queued, sending, unknown, parked, done, refused or cancelled'),
  limit: parameter('query', 'limit', 'how many at most: 1 to 200, 50 by default'),
  after: parameter('query', 'after', 'the value of next of the page before'),
};
