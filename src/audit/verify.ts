// Verifies all chains of the audit, or those of one tenant, one after the other. docs/decisions/0051-audit.md
import { type ChainId, findNextChain, startOfChains } from '../store/audit-chains.ts';
import type { Database } from '../store/database/database.ts';
import { type ChainReport, verifyChain } from './verify-chain.ts';

/** What was verified so far. */
export interface AuditCount {
  chains: number;
  batches: number;
  events: number;
}

interface VerifyOptions extends Pick<ChainReport, 'onFault'> {
  /** Absent: all tenants. */
  tenant?: number;
  /** Called after each batch. */
  onProgress(count: AuditCount): void;
}

export async function verifyAudit(database: Database, { tenant, onFault, onProgress }: VerifyOptions): Promise<AuditCount> {
  const count = { chains: 0, batches: 0, events: 0 };
  const onBatch = (events: number): void => {
    count.batches++;
    count.events += events;
    onProgress(count);
  };
  const isWanted = (chain: ChainId | undefined): chain is ChainId =>
    chain !== undefined && (tenant === undefined || chain.tenant === tenant);
  for (let chain = await findNextChain(database, startOfChains(tenant)); isWanted(chain); chain = await findNextChain(database, chain)) {
    await verifyChain(database, chain, { onFault, onBatch });
    count.chains++;
  }
  return count;
}
