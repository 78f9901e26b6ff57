// Verifies one chain: its numbers have no gaps, each hash is that of its events, and the columns for searches are those of the events. Memory is bounded.
import { type AuditFacts, type AuditIndex, indexAuditFacts } from '../fhir/audit-event.ts';
import { type ChainBatch, type ChainEvent, type ChainId, readBatches, readChainEvents, readDroppedEnd } from '../store/audit-chains.ts';
import type { Database } from '../store/database/database.ts';
import { startBatchHash } from './chain.ts';

/** A batch, or a place in a chain, at which the record is wrong. */
export interface AuditFault extends ChainId {
  seq: number;
  recorded?: string;
  text: string;
}

export interface ChainReport {
  onFault(fault: AuditFault): Promise<void>;
  onBatch(events: number): void;
}

/** The batch before. The hash is unknown after a gap. */
interface Previous {
  seq: number;
  hash: string | undefined;
}

export async function verifyChain(database: Database, chain: ChainId, report: ChainReport): Promise<void> {
  const dropped = await readDroppedEnd(database, chain);
  const events = new EventReader(database, chain);
  const check = new ChainCheck(database, chain, events, report);
  let previous: Previous = dropped ?? { seq: 0, hash: '' };
  await check.reportStray(previous.seq, dropped ? NOT_DROPPED : NO_BATCH);
  for (;;) {
    const batches = await readBatches(database, chain, previous.seq);
    if (!batches.length) {
      if (!(await events.peek())) return;
      // these events may belong to a batch that was stored since the first reading
      if ((await readBatches(database, chain, previous.seq)).length) continue;
      return check.reportStray(Number.POSITIVE_INFINITY, NO_BATCH);
    }
    for (const batch of batches) {
      await check.verifyBatch(batch, previous);
      previous = batch;
    }
  }
}

const NOT_DROPPED =
  'the database says that the retention deleted this batch, but it has events of it: this is not a deletion by the retention';
const NO_BATCH = 'there are events of this batch, but the batch is missing: it was removed, or these events were added';

class ChainCheck {
  private readonly database: Database;
  private readonly chain: ChainId;
  private readonly events: EventReader;
  private readonly report: ChainReport;

  constructor(database: Database, chain: ChainId, events: EventReader, report: ChainReport) {
    this.database = database;
    this.chain = chain;
    this.events = events;
    this.report = report;
  }

  async verifyBatch(batch: ChainBatch, previous: Previous): Promise<void> {
    const first = previous.seq + 1;
    const isNext = batch.seq === first;
    if (!isNext) await this.reportMissing(first, batch.seq - 1);
    const hash = startBatchHash((isNext ? previous.hash : undefined) ?? '', batch);
    const isHashKnown = isNext && previous.hash !== undefined;
    let count = 0;
    let misindexed: string | undefined;
    for (let event = await this.events.peek(); event?.seq === batch.seq; event = await this.events.peek()) {
      this.events.skip();
      count++;
      hash.add(event.event);
      if (!isIndexed(event, batch.recorded)) misindexed ??= event.id;
    }
    this.report.onBatch(count);
    if (count !== batch.count)
      await this.reportFault(batch, `${count} events instead of ${batch.count}: events were ${count < batch.count ? 'removed' : 'added'}`);
    else if (isHashKnown && hash.end() !== batch.hash) await this.reportFault(batch, CHANGED);
    else if (misindexed !== undefined)
      await this.reportFault(batch, `the event ${misindexed} is found by other values than it contains: its columns were changed`);
  }

  /** The batches between two others. Their events may still be there. */
  private async reportMissing(first: number, last: number): Promise<void> {
    await this.reportFault({ seq: first }, first === last ? 'this batch is missing' : `the batches ${first} to ${last} are missing`, last);
    await this.reportStray(last, NO_BATCH);
  }

  /** Reports and skips the events up to a batch, once for each batch. */
  async reportStray(last: number, text: string): Promise<void> {
    let reported: number | undefined;
    for (let event = await this.events.peek(); event !== undefined && event.seq <= last; event = await this.events.peek()) {
      this.events.skip();
      if (event.seq !== reported) await this.report.onFault({ ...this.chain, seq: event.seq, recorded: event.recorded, text });
      reported = event.seq;
    }
  }

  /** What the retention has deleted since the chain was read is no fault. */
  private async reportFault({ seq, recorded }: { seq: number; recorded?: string }, text: string, last = seq): Promise<void> {
    const dropped = await readDroppedEnd(this.database, this.chain);
    if (dropped && dropped.seq >= last) return;
    await this.report.onFault({ ...this.chain, seq, ...(recorded !== undefined && { recorded }), text });
  }
}

const CHANGED =
  'the hash is wrong: an event, the order of the events or their time was changed, or the batch before was changed with its hash';

/** Whether the columns of an event are those that its text determines. */
function isIndexed({ id, recorded, event, action, outcome, subtypes, actor, patients, entities }: ChainEvent, batchTime: string): boolean {
  try {
    // the assertion: the recorder alone writes these texts
    const facts = JSON.parse(event) as AuditFacts;
    const columns = { action, outcome, subtypes, actor, patients, entities };
    return facts.id === id && recorded === batchTime && formatIndex(indexAuditFacts(facts)) === formatIndex(columns);
  } catch {
    // the text was changed, and the hash will show it
    return true;
  }
}

/** Older events have their patients in the column of the entities, too. */
const formatIndex = ({ action, outcome, subtypes, actor, patients, entities }: AuditIndex): string =>
  JSON.stringify([action, outcome, subtypes, actor, patients, [...new Set([...patients, ...entities])]]);

/** The events of a chain in order, one page in memory. */
class EventReader {
  private readonly database: Database;
  private readonly chain: ChainId;
  private page: ChainEvent[] = [];
  private at = 0;
  private last: ChainEvent | undefined;

  constructor(database: Database, chain: ChainId) {
    this.database = database;
    this.chain = chain;
  }

  /** The next event. Undefined: there is none yet. */
  async peek(): Promise<ChainEvent | undefined> {
    if (this.at === this.page.length) {
      this.page = await readChainEvents(this.database, this.chain, this.last);
      this.at = 0;
    }
    return this.page[this.at];
  }

  skip(): void {
    this.last = this.page[this.at++];
  }
}
