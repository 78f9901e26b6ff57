// The sender of orders as a caller: who history says wrote what became of them.
import type { Caller, Context } from '../interactions/context.ts';
import type { Store } from '../store/store.ts';

/** Who history says wrote an outcome. */
export const SYSTEM_ACTOR = 'outbound';

/** It may write whatever follows from an order: a corrected document, too, takes the place of one that is seen only by who may see its report. */
const toSystemCaller = (tenant: number): Caller => ({ tenant, actor: SYSTEM_ACTOR, surface: 'fhir', scopes: ['*'] });

/** The context in which an outcome is written. */
export const systemContext = ({ createContext }: { createContext(caller: Caller): Context }, tenant: number, store: Store): Context => ({
  ...createContext(toSystemCaller(tenant)),
  store,
});

/** Inside somebody's write: what follows from it is written by the sender. */
export const asSystemActor = (context: Context): Context => ({ ...context, caller: toSystemCaller(context.caller.tenant) });
