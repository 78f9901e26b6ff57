// Records events as a server does, one batch for each call, and verifies what is stored.
import { v7 } from 'uuid';
import { type AuditRecorder, createAuditRecorder } from '../../src/audit/recorder.ts';
import { verifyAudit } from '../../src/audit/verify.ts';
import type { AuditFault } from '../../src/audit/verify-chain.ts';
import type { AuditFacts } from '../../src/fhir/audit-event.ts';
import type { Database } from '../../src/store/database/database.ts';

export const factsOf = (patient: string, at = '2026-03-01T00:00:00.000Z'): AuditFacts => ({
  id: v7(),
  at,
  requestId: v7(),
  door: 'fhir',
  method: 'GET',
  subtypes: ['read'],
  status: 200,
  actor: 'key-1',
  entities: [],
  patients: [`Patient/${patient}`],
});

interface Recording {
  recorder: AuditRecorder;
  writer: string;
  /** Stores one batch of a tenant. */
  store(tenant: number, ...patients: string[]): Promise<void>;
}

/** The recorder of a process. `clock`: the time of its batches. */
export function startRecording(database: Database, clock: () => Date = () => new Date('2026-03-01T00:00:00.000Z')): Recording {
  const writer = v7();
  const recorder = createAuditRecorder({ database, clock, writer, isStrict: false, log: () => {} });
  const store = async (tenant: number, ...patients: string[]): Promise<void> => {
    for (const patient of patients) void recorder.record(tenant, factsOf(patient));
    // stores what waits, and may be called again
    await recorder.close();
  };
  return { recorder, writer, store };
}

/** What a verification finds, as `tenant/batch: text`. */
export async function findFaults(database: Database, tenant?: number): Promise<string[]> {
  const faults: AuditFault[] = [];
  await verifyAudit(database, {
    ...(tenant !== undefined && { tenant }),
    onFault: async (fault) => void faults.push(fault),
    onProgress: () => {},
  });
  return faults.map(describeFault);
}

export const describeFault = ({ tenant, seq, text }: AuditFault): string => `${tenant}/${seq}: ${text}`;

/** Runs SQL and then a check, and takes the SQL back. */
export async function tampered<T>(database: Database, sql: string, check: (database: Database) => Promise<T>): Promise<T> {
  const back = new Error('taken back');
  let result: { value: T } | undefined;
  await database
    .transaction(async (transaction) => {
      await transaction.script(sql);
      result = { value: await check(transaction) };
      throw back;
    })
    .catch((error: unknown) => {
      if (error !== back) throw error;
    });
  return result!.value;
}
