// The state of the search index from the view of this process: the index rules by which it writes, and the search parameters that are completely indexed.
// A command-line process does not register its rules, because servers would then treat their own index as incomplete.
import { buildIndexRules, findChangedParameters, type TypeIndexRules } from '../fhir/indexing/index-rules.ts';
import type { SearchRegistry } from '../fhir/search/registry.ts';
import { SERVED_TYPES, type ServedType } from '../fhir/types.ts';
import { type RegisteredRules, type Reindexing, type TargetRules, UNREGISTERED_RULES } from '../store/reindexing.ts';
import type { WriteHook } from './context.ts';

export interface IndexState {
  /** The number of the index rules of a type; UNREGISTERED_RULES if they are not registered. */
  findRules(type: ServedType): number;
  isReady(type: string, code: string): boolean;
  /** The types to reindex: this process has their newest rules, and other rules are still registered. Undefined if there are none. */
  findTarget(): TargetRules | undefined;
  /** The rules of this process, for types for which they are the newest. */
  listNewest(): TargetRules;
  /** The types of `listNewest` with rules that have replaced others, if a check of one of them is due at this time: a process with older rules may have written. */
  listDueChecks(now: Date): TargetRules;
  /** The parameters that are not completely indexed, by type. */
  listUnready(): ReadonlyMap<string, readonly string[]>;
  /** Reads the registered rules again, because other processes may have changed them. */
  refresh(): Promise<void>;
}

/** Registers the rules of this program, which starts at this time, and reads the state of the index. `renewed`: the rules become the newest. */
export async function openIndexState(reindexing: Reindexing, registry: SearchRegistry, at: Date, renewed = false): Promise<IndexState> {
  const own = buildIndexRules(registry);
  return createIndexState(reindexing, own, await reindexing.register(own, at.toISOString(), renewed));
}

/** Reads the state of the index without registering rules. The numbers are those that a server with the same rules has registered. */
export async function readIndexState(reindexing: Reindexing, registry: SearchRegistry): Promise<IndexState> {
  const own = buildIndexRules(registry);
  const known = await reindexing.listRules();
  const current = known.filter(({ type, fingerprint }) => own.some((rules) => rules.type === type && rules.fingerprint === fingerprint));
  return createIndexState(reindexing, own, new Map(current.map(({ type, rules }) => [type, rules])));
}

/** Write hooks for types whose rules are not registered: they record that a server must reindex the type by its own rules. */
export const buildUnregisteredTypeHooks = ({ findRules }: IndexState): [ServedType, WriteHook][] =>
  SERVED_TYPES.filter((type) => findRules(type) === UNREGISTERED_RULES).map((type) => [
    type,
    { after: ({ store }) => store.reindexing.markUnregistered(type) },
  ]);

async function createIndexState(
  reindexing: Reindexing,
  rules: TypeIndexRules[],
  numbers: ReadonlyMap<ServedType, number>,
): Promise<IndexState> {
  const own = new Map<string, TypeIndexRules>(rules.map((rule) => [rule.type, rule]));
  let known: RegisteredRules[] = [];
  let unready: ReadonlyMap<string, readonly string[]> = new Map();
  const refresh = async (): Promise<void> => {
    known = await reindexing.listRules();
    unready = findUnready(own, numbers, known);
  };
  await refresh();
  return {
    findRules: (type) => numbers.get(type) ?? UNREGISTERED_RULES,
    isReady: (type, code) => !unready.get(type)?.includes(code),
    findTarget: () => findTarget(numbers, known),
    listNewest: () => toTarget(findNewest(numbers, known)),
    listDueChecks: (now) => toTarget(findDueChecks(findNewest(numbers, known), now)),
    listUnready: () => unready,
    refresh,
  };
}

function findUnready(
  own: ReadonlyMap<string, TypeIndexRules>,
  numbers: ReadonlyMap<ServedType, number>,
  known: RegisteredRules[],
): ReadonlyMap<string, readonly string[]> {
  const unready = new Map<string, string[]>();
  for (const { type, rules, parameters } of known) {
    if (rules === numbers.get(type)) continue;
    const changed = [...(unready.get(type) ?? []), ...findChangedParameters(own.get(type)!, parameters)];
    if (changed.length) unready.set(type, [...new Set(changed)]);
  }
  return unready;
}

/** A process with older rules does not reindex, because it would undo the work of a process with newer rules. */
function findTarget(numbers: ReadonlyMap<ServedType, number>, known: RegisteredRules[]): TargetRules | undefined {
  const behind = findNewest(numbers, known).filter(({ type, rules }) =>
    known.some((other) => other.type === type && other.rules !== rules),
  );
  return behind.length ? toTarget(behind) : undefined;
}

/** A check reads the rows of all types, so all are checked when one is due. Where no rules were replaced, no process can have older ones. */
function findDueChecks(newest: RegisteredRules[], now: Date): RegisteredRules[] {
  const replaced = newest.filter(({ hasReplaced }) => hasReplaced);
  return replaced.some(({ checkAt }) => checkAt !== null && Date.parse(checkAt) <= now.getTime()) ? replaced : [];
}

const toTarget = (rules: RegisteredRules[]): TargetRules => new Map(rules.map(({ type, rules: number }) => [type, number]));

const findNewest = (numbers: ReadonlyMap<ServedType, number>, known: RegisteredRules[]): RegisteredRules[] =>
  known.filter((rules) => rules.isNewest && rules.rules === numbers.get(rules.type));
