// A statement for a request names its tenant, by types: `npm run typecheck` fails when a method of the request's store takes no tenant, and when one of the calls
// below compiles. docs/decisions/0050-tenant-walls.md
import type { Context } from '../../src/interactions/context.ts';

/** A tenant, what belongs to one tenant, or a list of that. */
type Tenanted = number | { tenant: number } | readonly { tenant: number }[];
/** The methods whose first argument is none of these. */
type WithoutTenant<S> = {
  [K in keyof S]: S[K] extends (...given: infer A) => unknown ? (A[0] extends Tenanted ? never : K) : never;
}[keyof S];
type Is<A, B> = [A, B] extends [B, A] ? true : false;
type OfRequest = Context['store'];

/** `transaction` and `rehearse` give a store of the same type. Definitions and index rules belong to the installation. */
const RULES: [
  Is<WithoutTenant<OfRequest>, 'transaction' | 'rehearse'>,
  Is<WithoutTenant<OfRequest['outbox']>, never>,
  Is<WithoutTenant<OfRequest['trackedOrders']>, never>,
  Is<WithoutTenant<OfRequest['idempotencyKeys']>, never>,
  Is<WithoutTenant<OfRequest['networkInsurances']>, never>,
  Is<WithoutTenant<OfRequest['subscriptions']>, never>,
  Is<WithoutTenant<OfRequest['definitions']>, keyof OfRequest['definitions']>,
  Is<WithoutTenant<OfRequest['reindexing']>, 'markUnregistered'>,
  Is<Extract<keyof OfRequest, 'settings' | 'inbox' | 'query' | 'database'>, never>,
] = [true, true, true, true, true, true, true, true, true];

/** Compiled and never called. */
const refused = (store: OfRequest) => [
  // @ts-expect-error a read names its tenant
  () => store.read('Patient', 'one'),
  // @ts-expect-error and so does a write
  () => store.write([]),
  // @ts-expect-error no work of all tenants
  () => store.outbox.claim({ by: 'me', at: '', until: '', account: 0, limit: 1 }),
  // @ts-expect-error no order by the ids of the lab network alone
  () => store.trackedOrders.find({ account: 0, orderIds: [] }),
  // @ts-expect-error no expired subscriptions of all tenants
  () => store.subscriptions.listExpired(''),
  // @ts-expect-error nor inside a transaction
  () => store.transaction(async (inside) => inside.outbox.findByKeys(0, [])),
  // @ts-expect-error no secrets of the installation
  () => store.settings,
  // @ts-expect-error no SQL
  () => store.database,
];

test('the rules of the types are compiled', () => {
  expect(RULES).not.toContain(false);
  expect(refused({} as OfRequest)).toHaveLength(8);
});
