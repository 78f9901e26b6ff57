// Collects the audit events of this process and stores them in batches. Memory is bounded, and every loss is counted and logged. docs/decisions/0051-audit.md
import { setTimeout as delay } from 'node:timers/promises';
import type { AuditFacts } from '../fhir/audit-event.ts';
import { redactError } from '../messaging/redacted-error.ts';
import { type AuditBatch, addMonth, appendAuditBatches, createAuditPartition, toAuditRow } from '../store/audit-events.ts';
import type { Database } from '../store/database/database.ts';
import { chainHash } from './chain.ts';

export interface AuditRecorder {
  /** Whether responses wait until their event is stored (FACET_AUDIT=strict). */
  isStrict: boolean;
  /** Adds an event. Resolves when it is stored; rejects when the attempt to store it failed or there is no room. */
  record(tenant: number, facts: AuditFacts): Promise<void>;
  /** Stores what is left. Resolves in any case. */
  close(): Promise<void>;
}

interface RecorderParts {
  database: Database;
  clock: () => Date;
  /** A new UUID. */
  writer: string;
  isStrict: boolean;
  log(facts: Record<string, unknown>, text: string): void;
  /** Called with the number of events that are lost. */
  lost?: ((count: number) => void) | undefined;
}

/** The longest time between an event and the attempt to store it, in ms. */
const FLUSH_MS = 200;
/** A batch begins at once when this many events wait. */
const FULL_BATCH = 500;
/** The most events in one batch. */
const MAX_BATCH = 2000;
/** The most that waits while the database does not respond, in characters. Further events are lost. */
const MAX_WAITING = 32 * 1024 * 1024;
const RETRY_MS = 1000;
const CLOSE_ATTEMPTS = 3;

/** An event becomes the texts that are stored when its batch does: many at once cost less than one in the midst of each request. */
interface Waiting {
  tenant: number;
  facts: AuditFacts;
  /** Roughly, in characters. */
  size: number;
}

interface PendingBatch {
  batches: AuditBatch[];
  /** The size of its events. */
  size: number;
  /** Settled for the requests of its events. Absent if more events waited: those of all these requests are then settled with a later batch. */
  done?: PromiseWithResolvers<void>;
}

/** The size of an event, without writing its text. */
const estimateSize = ({ entities, patients, query = '' }: AuditFacts): number =>
  500 + 50 * (entities.length + patients.length) + query.length;

/** Its failure is no error of the process if nobody waits for it. */
function createDone(): PromiseWithResolvers<void> {
  const done = Promise.withResolvers<void>();
  done.promise.catch(() => {});
  return done;
}

/** The recorder of a process. Its chains are its own, so that no process waits for another. */
class Recorder implements AuditRecorder {
  readonly isStrict: boolean;
  private readonly parts: RecorderParts;
  private waiting: Waiting[] = [];
  /** Settled when the events that wait now are stored. */
  private done = createDone();
  private size = 0;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  /** A batch whose storing failed keeps its place in the chain, because its outcome may be unknown. */
  private unstored: PendingBatch | undefined;
  private readonly heads = new Map<number, { seq: number; hash: string }>();
  private readonly months = new Set<string>();
  private lastTime = '';

  constructor(parts: RecorderParts) {
    this.parts = parts;
    this.isStrict = parts.isStrict;
  }

  record(tenant: number, facts: AuditFacts): Promise<void> {
    const size = estimateSize(facts);
    if (this.size + size > MAX_WAITING) {
      this.reportLoss(1);
      const refused = createDone();
      refused.reject(new Error('too many audit events wait to be stored'));
      return refused.promise;
    }
    this.size += size;
    this.waiting.push({ tenant, facts, size });
    // a batch that begins at once takes the promise with it
    const { promise } = this.done;
    this.schedule(this.isStrict || this.waiting.length >= FULL_BATCH ? 0 : FLUSH_MS);
    return promise;
  }

  async close(): Promise<void> {
    for (let attempt = 1; attempt <= CLOSE_ATTEMPTS; attempt++) {
      await this.flushAll();
      if (this.unstored === undefined) break;
      await delay(RETRY_MS / 4);
    }
    clearTimeout(this.timer);
    const left = (this.unstored ? countEvents(this.unstored.batches) : 0) + this.waiting.length;
    if (left) this.reportLoss(left);
  }

  /** Stores batches until nothing is left or one fails. */
  private async flushAll(): Promise<void> {
    do await this.flush();
    while (this.waiting.length > 0 && this.unstored === undefined);
  }

  private schedule(ms: number): void {
    if (this.running !== undefined) return;
    if (ms === 0) {
      if (!this.unstored) void this.flush();
    } else this.timer ??= setTimeout(() => void this.flush(), ms).unref();
  }

  private flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.running ??= this.storeNext().finally(() => {
      this.running = undefined;
      if (this.unstored) this.schedule(RETRY_MS);
      else if (this.waiting.length) this.schedule(this.isStrict || this.waiting.length >= FULL_BATCH ? 0 : FLUSH_MS);
    });
    return this.running;
  }

  private async storeNext(): Promise<void> {
    const pending = this.unstored ?? this.takeBatch();
    if (!pending) return;
    this.unstored = pending;
    try {
      await this.store(pending.batches);
    } catch (error) {
      // a partition may be missing that was there before: the database was restored, or the retention deleted it
      this.months.clear();
      this.parts.log(
        { work: 'store audit events', waiting: this.waiting.length, error: redactError(error) },
        'audit events could not be stored',
      );
      pending.done?.reject(error);
      this.done.reject(error);
      this.done = createDone();
      return;
    }
    this.unstored = undefined;
    this.size -= pending.size;
    pending.done?.resolve();
  }

  private takeBatch(): PendingBatch | undefined {
    if (!this.waiting.length) return undefined;
    // they leave the list when nothing can fail any more
    const taken = this.waiting.slice(0, MAX_BATCH);
    const size = taken.reduce((sum, event) => sum + event.size, 0);
    const rows = taken.map(({ tenant, facts }) => ({ tenant, row: toAuditRow(facts) }));
    const recorded = this.readTime();
    const batches = [...Map.groupBy(rows, ({ tenant }) => tenant)].map(([tenant, own]) =>
      this.buildBatch(
        tenant,
        recorded,
        own.map(({ row }) => row),
      ),
    );
    this.waiting = this.waiting.slice(taken.length);
    if (this.waiting.length) return { batches, size };
    const { done } = this;
    this.done = createDone();
    return { batches, size, done };
  }

  /** A clock that is set back does not turn back the chain, because the retention deletes beginnings of chains by their time. */
  private readTime(): string {
    const now = this.parts.clock().toISOString();
    if (now > this.lastTime) this.lastTime = now;
    return this.lastTime;
  }

  private buildBatch(tenant: number, recorded: string, events: AuditBatch['events']): AuditBatch {
    const { seq, hash: previous } = this.heads.get(tenant) ?? { seq: 0, hash: '' };
    const hash = chainHash(
      previous,
      recorded,
      events.map(({ event }) => event),
    );
    this.heads.set(tenant, { seq: seq + 1, hash });
    return { tenant, writer: this.parts.writer, seq: seq + 1, recorded, hash, events };
  }

  private async store(batches: AuditBatch[]): Promise<void> {
    const month = batches[0]!.recorded.slice(0, 7);
    for (const needed of [month, addMonth(month)]) {
      if (this.months.has(needed)) continue;
      await createAuditPartition(this.parts.database, needed);
      this.months.add(needed);
    }
    await appendAuditBatches(this.parts.database, batches);
  }

  private reportLoss(count: number): void {
    this.parts.lost?.(count);
    this.parts.log({ work: 'store audit events', lost: count, error: 'audit events are lost' }, 'audit events are lost');
  }
}

const countEvents = (batches: AuditBatch[]): number => batches.reduce((sum, { events }) => sum + events.length, 0);

export const createAuditRecorder = (parts: RecorderParts): AuditRecorder => new Recorder(parts);
