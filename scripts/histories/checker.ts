// Says what is wrong with the histories that many clients have written at once: lost updates, half transactions, false successes, orders that contradict.
// Each list is a register to which every transaction adds a value of its own, so that the order of writes can be read from what stands there (the idea of
// list-append histories, https://github.com/jepsen-io/elle).

/** One transaction, as its client knows it. `unknown`: no answer came. */
export interface Attempt {
  value: string;
  /** The lists it adds its value to. */
  lists: string[];
  outcome: 'done' | 'refused' | 'unknown';
  /** The version of each list after the operation, as the response reported it. */
  versions: Record<string, number>;
  /** What it read of a list inside the transaction, after its own write. */
  seen: Record<string, string[]>;
}

/** The versions of each list from the first on: the values in it. */
export type Histories = Record<string, string[][]>;

/** What is wrong, a sentence each; empty when nothing is. */
export function anomaliesOf(histories: Histories, attempts: Attempt[]): string[] {
  return [
    ...Object.entries(histories).flatMap(([list, versions]) => unsteady(list, versions)),
    ...attempts.flatMap((attempt) => untrue(histories, attempt)),
    ...contradictions(histories),
  ];
}

/** Every version is the one before it and one value more. */
function unsteady(list: string, versions: string[][]): string[] {
  return versions.flatMap((values, at) => {
    const before = versions[at - 1] ?? [];
    const grown = values.length === before.length + (at === 0 ? 0 : 1) && before.every((value, index) => values[index] === value);
    return grown ? [] : [`lost update: ${list}, version ${at + 1}, is not the one before and one value more`];
  });
}

/** Every operation that was reported as done happened completely, and every refused one not at all. */
function untrue(histories: Histories, { value, lists, outcome, versions, seen }: Attempt): string[] {
  const listing = lists.filter((list) => histories[list]!.at(-1)!.includes(value));
  const half = listing.length > 0 && listing.length < lists.length;
  const readLists = outcome === 'done' ? lists : [];
  const stored = outcome === 'refused' ? listing : [];
  return [
    ...(half ? [`half a transaction: ${value} stands in ${listing.join(', ')} of ${lists.join(', ')}`] : []),
    ...stored.map((list) => `false refusal: ${value} stands in ${list}`),
    ...readLists
      .filter((list) => !isVersionOf(histories[list]!, versions[list]!, value))
      .map((list) => `false success: ${value} in ${list}`),
    ...Object.entries(outcome === 'done' ? seen : {})
      .filter(([list, values]) => String(values) !== String(histories[list]![versions[list]! - 1]))
      .map(([list]) => `a read inside ${value} saw another ${list} than it left`),
  ];
}

const isVersionOf = (versions: string[][], version: number, value: string): boolean =>
  versions[version - 1]?.at(-1) === value && !versions[version - 2]?.includes(value);

/** Transactions that come one after the other in one list and the other way round, by whatever detour, in others: no order of them explains that. */
function contradictions(histories: Histories): string[] {
  const next = new Map<string, Set<string>>();
  for (const versions of Object.values(histories))
    for (const [at, value] of versions.at(-1)!.entries()) {
      const after = versions.at(-1)![at + 1];
      if (after !== undefined) next.set(value, (next.get(value) ?? new Set()).add(after));
    }
  const waiting = new Map<string, number>();
  for (const values of next.values()) for (const value of values) waiting.set(value, (waiting.get(value) ?? 0) + 1);
  const free = [...next.keys()].filter((value) => !waiting.has(value));
  for (let value = free.pop(); value !== undefined; value = free.pop())
    for (const after of next.get(value) ?? []) {
      const remaining = waiting.get(after)! - 1;
      waiting.set(after, remaining);
      if (remaining === 0) free.push(after);
    }
  const stuck = [...waiting].filter(([, remaining]) => remaining > 0).map(([value]) => value);
  return stuck.length ? [`no order explains these transactions: ${stuck.slice(0, 10).join(', ')}`] : [];
}
