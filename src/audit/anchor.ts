// The ends of all chains as a text that the operator keeps outside the database. Whoever can write to the database can remove whole chains or their ends, and
// only a copy elsewhere shows that.
import { isObject, tryParseJson } from '../fhir/json-values.ts';
import {
  type ChainEnd,
  type ChainId,
  findNextChain,
  readBatch,
  readChainEnd,
  readDroppedEnd,
  startOfChains,
} from '../store/audit-chains.ts';
import type { Database } from '../store/database/database.ts';
import type { AuditFault } from './verify-chain.ts';

type AnchoredEnd = ChainId & ChainEnd;

/** The ends of all chains, each as a line of the anchor. */
export async function* listAnchorLines(database: Database): AsyncGenerator<string> {
  for (let chain = await findNextChain(database, startOfChains()); chain; chain = await findNextChain(database, chain)) {
    const end = await readChainEnd(database, chain);
    if (end) yield JSON.stringify({ tenant: chain.tenant, writer: chain.writer, ...end } satisfies AnchoredEnd);
  }
}

/** Reads the lines of an anchor. Undefined: a line is not one of an anchor. */
export function parseAnchor(text: string): AnchoredEnd[] | undefined {
  const ends = text.split('\n').filter(Boolean).map(tryParseJson);
  return ends.every(isAnchoredEnd) ? ends : undefined;
}

const isAnchoredEnd = (value: unknown): value is AnchoredEnd =>
  isObject(value) &&
  Number.isSafeInteger(value.tenant) &&
  Number.isSafeInteger(value.seq) &&
  [value.writer, value.hash, value.recorded].every((text) => typeof text === 'string');

/** Compares an anchor with the chains: each anchored batch must be there, with its hash, or be deleted by the retention. */
export async function compareAnchor(
  database: Database,
  anchor: AnchoredEnd[],
  onFault: (fault: AuditFault) => Promise<void>,
): Promise<void> {
  for (const { tenant, writer, seq, hash, recorded } of anchor) {
    const chain = { tenant, writer };
    const fault = { ...chain, seq, recorded };
    const stored = await readBatch(database, chain, seq);
    // read after the batch, because the retention may delete the batch in between
    const dropped = stored ? undefined : await readDroppedEnd(database, chain);
    const [known] = [stored, dropped?.seq === seq ? dropped : undefined].filter((end) => end !== undefined);
    if (known && known.hash !== hash) await onFault({ ...fault, text: 'the anchor has another hash: the chain was written again' });
    else if (!known && !(dropped && dropped.seq > seq))
      await onFault({
        ...fault,
        text: 'the anchor ends with this batch, and it is missing: the end of the chain, or all of it, was removed',
      });
  }
}
