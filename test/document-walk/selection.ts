// Which operations of the FHIR document a walk sends. All types have the same kinds of operations, from one table. WALK=all: every operation of every type.
import type { FuzzOperation } from '../../scripts/fuzz/operations.ts';

/** Every operation is walked for these types. */
const WHOLE = new Set(['Patient', 'Observation', 'AuditEvent']);

/** Every operation of the vendors' APIs and of the system; every kind of operation for some types; other types for each kind. */
export function selectOperations(operations: FuzzOperation[]): FuzzOperation[] {
  if (process.env.WALK === 'all') return operations;
  const kinds = new Map<string, number>();
  const types = new Map<string, number>();
  return operations.filter(({ door, method, path }) => {
    const type = /^\/([A-Z]\w+)/.exec(path)?.[1];
    if (door !== 'fhir' || type === undefined || WHOLE.has(type)) return true;
    const name = `${method} ${path.replace(type, '')}`;
    const isFirst = !kinds.has(name);
    const isChosen = numberOf(types, type) % SHARE === numberOf(kinds, name) % SHARE;
    return isFirst || isChosen;
  });
}

const SHARE = 24;

function numberOf(known: Map<string, number>, name: string): number {
  known.set(name, known.get(name) ?? known.size);
  return known.get(name)!;
}
