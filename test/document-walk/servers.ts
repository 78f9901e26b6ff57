// Starts a server for a walk, with keys for each of its tenants. The clock stands still, so that times do not differ between tenants.

import { updateTenant } from '../../src/store/tenants.ts';
import { type Listening, listen } from '../journeys/listening.ts';
import type { Instead, Keys } from '../journeys/running-server.ts';
import { withoutTenantCondition } from '../store/without-tenant-condition.ts';
import type { WalkTarget } from './walk.ts';

const NOW = new Date('2026-06-01T12:00:00.000Z');

export interface WalkServer {
  facet: Listening;
  demo: WalkTarget;
  other: WalkTarget;
}

interface Walls {
  /** Whether the store has its own condition on the tenant. Absent: it has. */
  condition?: boolean;
  rls?: 'on' | 'off';
}

/** Close `facet` in the end. */
export async function startWalkServer({ condition = true, rls = 'off' }: Walls = {}): Promise<WalkServer> {
  const instead: Instead = { clock: () => NOW, withoutContract: true, ...(!condition && { over: withoutTenantCondition }) };
  const facet = await listen(instead, { FACET_RLS: rls });
  for (const slug of ['demo', 'other']) await updateTenant(facet.store.database, slug, { brand: 'main' });
  return { facet, demo: toTarget(facet.url, facet.demo), other: toTarget(facet.url, facet.other) };
}

/** The keys of a tenant's clients. The console, the administration, which is for all tenants, and the paths without a document get the key of the FHIR API. */
export const toTarget = (url: string, keys: Keys): WalkTarget => ({
  url,
  keys: { ...keys, console: keys.fhir!, admin: keys.fhir!, other: keys.fhir! },
});
