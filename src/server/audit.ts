// The audit of this process: what records requests, and what reads the record.
import { v7 } from 'uuid';
import { createAuditReader } from '../audit/reader.ts';
import { createAuditRecorder } from '../audit/recorder.ts';
import type { Config } from '../config.ts';
import type { FhirApi } from '../http/fhir/router.ts';
import type { AuditParts } from '../http/middleware/audit.ts';
import type { Database } from '../store/database/database.ts';
import { createIds } from './new-ids.ts';

interface AuditOptions {
  config: Pick<Config, 'strictAudit'>;
  database: Database;
  background?: Database;
  clock: () => Date;
  log(facts: Record<string, unknown>, text: string): void;
  auditLost?: (count: number) => void;
}

/** `closeAudit` stores the events that are left. */
export function buildAudit({ config, database, background = database, clock, log, auditLost }: AuditOptions): {
  audit: AuditParts;
  openAudit: FhirApi['openAudit'];
  closeAudit(): Promise<void>;
} {
  const options = { isStrict: config.strictAudit, database: background, clock, writer: v7(), log, lost: auditLost };
  const recorder = createAuditRecorder(options);
  return {
    audit: { recorder, clock, newId: createIds() },
    openAudit: ({ tenant }, request) => createAuditReader(database.forRequest(tenant, request), tenant),
    closeAudit: () => recorder.close(),
  };
}
