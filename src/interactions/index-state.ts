// What this process knows of the index: by which rules it writes, and which search parameters are whole for it. Who only runs a command makes no rules known:
// the servers would hold theirs for incomplete.
import { buildIndexRules, findChangedParameters, type TypeIndexRules } from '../fhir/indexing/index-rules.ts';
import type { SearchRegistry } from '../fhir/search/registry.ts';
import { SERVED_TYPES, type ServedType } from '../fhir/types.ts';
import { type RegisteredRules, type Reindexing, type TargetRules, UNREGISTERED_RULES } from '../store/reindexing.ts';
import type { WriteHook } from './context.ts';

export interface IndexState {
  /** The number of the rules of a type; that of rules that nobody counted, where they are not known. */
  findRules(type: ServedType): number;
  isReady(type: string, code: string): boolean;
  /** What is to be made again: types of which resources stand by older rules than this process's, which are the newest. Undefined: nothing. */
  findTarget(): TargetRules | undefined;
  /** The rules of this process, of the types where they are the newest. */
  listNewest(): TargetRules;
  /** The parameters that are not whole, by type. */
  listUnready(): ReadonlyMap<string, readonly string[]>;
  /** Looks again at what other processes have done. */
  refresh(): Promise<void>;
}

/** Makes the rules of this program known and sees what the index stands by. `renewed`: they are to be the newest. */
export async function openIndexState(upkeep: Reindexing, registry: SearchRegistry, renewed = false): Promise<IndexState> {
  const own = buildIndexRules(registry);
  return createIndexState(upkeep, own, await upkeep.register(own, renewed));
}

/** Sees what the index stands by, and changes nothing: the numbers are those of the same rules that a server has made known. */
export async function readIndexState(upkeep: Reindexing, registry: SearchRegistry): Promise<IndexState> {
  const own = buildIndexRules(registry);
  const known = await upkeep.listRules();
  const same = known.filter(({ type, fingerprint }) => own.some((rules) => rules.type === type && rules.fingerprint === fingerprint));
  return createIndexState(upkeep, own, new Map(same.map(({ type, rules }) => [type, rules])));
}

/** For types whose rules nobody has made known: what is written of them is left to a server, which indexes it by its own. */
export const buildUnregisteredTypeHooks = ({ findRules }: IndexState): [ServedType, WriteHook][] =>
  SERVED_TYPES.filter((type) => findRules(type) === UNREGISTERED_RULES).map((type) => [
    type,
    { after: ({ store }) => store.reindexing.markUnregistered(type) },
  ]);

async function createIndexState(
  upkeep: Reindexing,
  rules: TypeIndexRules[],
  numbers: ReadonlyMap<ServedType, number>,
): Promise<IndexState> {
  const own = new Map<string, TypeIndexRules>(rules.map((one) => [one.type, one]));
  let known: RegisteredRules[] = [];
  let unready: ReadonlyMap<string, readonly string[]> = new Map();
  const refresh = async (): Promise<void> => {
    known = await upkeep.listRules();
    unready = findUnready(own, numbers, known);
  };
  await refresh();
  return {
    findRules: (type) => numbers.get(type) ?? UNREGISTERED_RULES,
    isReady: (type, code) => !unready.get(type)?.includes(code),
    findTarget: () => findTarget(numbers, known),
    listNewest: () => new Map(findNewest(numbers, known).map(({ type, rules }) => [type, rules])),
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

/** A process of older rules makes nothing again: it would undo what one of newer rules does. */
function findTarget(numbers: ReadonlyMap<ServedType, number>, known: RegisteredRules[]): TargetRules | undefined {
  const behind = findNewest(numbers, known).filter(({ type, rules }) =>
    known.some((other) => other.type === type && other.rules !== rules),
  );
  return behind.length ? new Map(behind.map(({ type, rules }) => [type, rules])) : undefined;
}

const findNewest = (numbers: ReadonlyMap<ServedType, number>, known: RegisteredRules[]): RegisteredRules[] =>
  known.filter((one) => one.isNewest && one.rules === numbers.get(one.type));
