// The server as the author of writes that record the progress and the results of orders.
import type { Caller, Context } from '../interactions/context.ts';
import type { Store } from '../store/store.ts';

/** The actor of these writes, as history shows it. */
export const SYSTEM_ACTOR = 'outbound';

/** All scopes are needed: a corrected document replaces a Binary that only readers of its DiagnosticReport may read. */
const toSystemCaller = (tenant: number): Caller => ({ tenant, actor: SYSTEM_ACTOR, surface: 'fhir', scopes: ['*'] });

/** A context whose writes have the system actor as author. */
export const systemContext = ({ createContext }: { createContext(caller: Caller): Context }, tenant: number, store: Store): Context => ({
  ...createContext(toSystemCaller(tenant)),
  store,
});

/** For writes that the server adds to the write of a user, in the same transaction. */
export const asSystemActor = (context: Context): Context => ({ ...context, caller: toSystemCaller(context.caller.tenant) });
