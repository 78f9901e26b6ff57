// The tables of the state machine match their diagram and the failure matrix, and stored payloads of earlier versions can be read.
import { readFileSync } from 'node:fs';
import { formatOrderPayload, parseOrderPayload, toAcceptedOrder } from '../../src/orders/place/order-entry.ts';
import { CANCELLATION_TRANSITIONS, ORDER_TRANSITIONS, TRACKING_TRANSITIONS } from '../../src/orders/state-machine.ts';

const TABLES = { order: ORDER_TRANSITIONS, cancellation: CANCELLATION_TRANSITIONS, tracking: TRACKING_TRANSITIONS };
const NAMES = Object.keys(TABLES) as (keyof typeof TABLES)[];
const SECTIONS = readFileSync('docs/order-states.md', 'utf8').split('\n## ').slice(1);

test('docs/order-states.md has a section for each table', () => {
  expect(SECTIONS).toHaveLength(NAMES.length);
});

describe.each(NAMES.map((name, index) => ({ name, section: SECTIONS[index]! })))('the drawing of $name', ({ name, section }) => {
  test('has an arrow for each transition of the table, and no others', () => {
    const drawn = [...section.matchAll(/^ {2}\S+ --> \S+: .*$/gm)].map(([line]) => line.trim());
    const table = TABLES[name].map(
      ({ from, to, event, when, action }) => `${from} --> ${to}: ${event}${when ? ` [${when}]` : ''} / ${action}`,
    );
    expect(drawn).toEqual(table);
  });

  test('explains each state', () => {
    const states = new Set(TABLES[name].flatMap(({ from, to }) => [from, to]).filter((state) => state !== '[*]'));
    const explained = section.split('| Event |')[0]!.matchAll(/^\| `([\w-]+)` \| \S/gm);
    expect([...explained].map(([, state]) => state).sort()).toEqual([...states].sort());
  });
});

test('the table has one transition for a state, an event and what was sent', () => {
  const keys = Object.values(TABLES).map((table) => table.map(({ from, event, when }) => `${from}/${event}${when ? `:${when}` : ''}`));
  for (const all of keys) expect(new Set(all).size).toBe(all.length);
});

test('each line of the failure matrix names existing transitions, or the reason why there are none', () => {
  const known = new Set(
    NAMES.flatMap((name) =>
      TABLES[name].map(({ from, event, when }) => `${name === 'order' ? '' : `${name} `}${from}/${event}${when ? `:${when}` : ''}`),
    ),
  );
  const matrix = [...readFileSync('docs/failure-matrix.md', 'utf8').matchAll(/^\| *(\d+) *\|.*\| ([^|]+) \|[^|]+\|$/gm)];
  const cited = matrix.map(([, number, cell]) => ({
    number: Number(number),
    cell: cell!.trim(),
    names: [...cell!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!),
  }));
  expect(cited.filter(({ names, cell }) => names.length === 0 && !/^none: \S/.test(cell))).toEqual([]);
  expect(cited.length).toBeGreaterThanOrEqual(50);
  expect(cited.flatMap(({ names }) => names).filter((name) => !known.has(name))).toEqual([]);
});

const AT = '2026-11-21T12:00:00.000Z';
const REQUEST = { task: 't', clientUserId: 'c', text: '{}' };
const FIRST_KEY = { keyRenewals: 0, keyUsedSince: null, serverFailures: 0, isUserReplaced: false };
const SENT = { userId: 'u', lastSentAt: AT };

/** Payloads as versions before the union have stored them, with the entry's `firstSentAt`. */
const STORED: [title: string, stored: object, firstSentAt: string | null, expected: object][] = [
  ['accepted and never sent', { version: 1 }, null, { state: 'unsent', version: 1, isParkedByOperator: false }],
  ['before versions were recorded', {}, null, { state: 'unsent', version: null }],
  ['parked by an operator', { version: 1, kept: true }, null, { state: 'unsent', isParkedByOperator: true }],
  ['sent', { userId: 'u', sentAt: AT, version: 1 }, AT, { state: 'sent', ...SENT, ...FIRST_KEY }],
  ['sent before the time of each request was recorded', { userId: 'u' }, AT, { state: 'sent', ...SENT, ...FIRST_KEY }],
  [
    'failed under its second key',
    { userId: 'u', sentAt: AT, failed: true, failures: 2, renewed: 1, renewedAt: AT },
    AT,
    { state: 'key-failed', ...SENT, keyRenewals: 1, keyUsedSince: AT, serverFailures: 2 },
  ],
  [
    'after its user was missing',
    { renewed: 1, renewedAt: AT, userWasGone: true },
    AT,
    { state: 'user-missing', keyRenewals: 1, isUserReplaced: true },
  ],
  [
    'done',
    { userId: 'u', sentAt: AT, renewed: 1, orderId: 'o', transactionId: 'x' },
    AT,
    { state: 'accepted', orderId: 'o', transactionId: 'x', lastRequest: { ...SENT, ...FIRST_KEY, keyRenewals: 1 } },
  ],
  ['a cancellation', { userId: 'u', orderId: 'o' }, null, { state: 'accepted', orderId: 'o', transactionId: null, lastRequest: null }],
];

test.each(STORED)('a payload that an earlier version stored is read: %s', (_title, stored, firstSentAt, expected) => {
  const payload = parseOrderPayload({ payload: JSON.stringify({ ...REQUEST, ...stored }), firstSentAt });
  expect(payload).toMatchObject({ ...REQUEST, ...expected });
  expect(parseOrderPayload({ payload: formatOrderPayload(payload), firstSentAt })).toEqual(payload);
});

test('an earlier version reads what this one stores, under the same names', () => {
  const sent = { ...REQUEST, version: 3, kept: true, userId: 'u', sentAt: AT, failed: true, failures: 2, renewed: 1, renewedAt: AT };
  const stored = { ...sent, userWasGone: true };
  const payload = parseOrderPayload({ payload: JSON.stringify(stored), firstSentAt: AT });
  expect(JSON.parse(formatOrderPayload(payload))).toEqual(stored);
  const { failed: _failed, ...accepted } = { ...stored, orderId: 'o', transactionId: 'x' };
  expect(JSON.parse(formatOrderPayload(toAcceptedOrder(payload, { id: 'o', transactionId: 'x' })))).toEqual(accepted);
});
