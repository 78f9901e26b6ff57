// What this process knows of the index: by which rules it writes, and which search parameters are whole for it. Who only runs a command makes no rules known:
// the servers would hold theirs for incomplete.
import { changedIn, rulesIn, type TypeRules } from '../fhir/indexing/rules.ts';
import type { Registry } from '../fhir/search/parameters.ts';
import { SERVED_TYPES, type ServedType } from '../fhir/types.ts';
import { type IndexUpkeep, type KnownRules, type RulesTarget, UNCOUNTED } from '../store/index-upkeep.ts';
import type { WriteHook } from './context.ts';

export interface IndexState {
  /** The number of the rules of a type; that of rules that nobody counted, where they are not known. */
  rulesOf(type: ServedType): number;
  isReady(type: string, code: string): boolean;
  /** What is to be made again: types of which resources stand by older rules than this process's, which are the newest. Undefined: nothing. */
  target(): RulesTarget | undefined;
  /** The rules of this process, of the types where they are the newest. */
  newest(): RulesTarget;
  /** The parameters that are not whole, by type. */
  unready(): ReadonlyMap<string, readonly string[]>;
  /** Looks again at what other processes have done. */
  refresh(): Promise<void>;
}

/** Makes the rules of this program known and sees what the index stands by. `renewed`: they are to be the newest. */
export async function openIndexState(upkeep: IndexUpkeep, registry: Registry, renewed = false): Promise<IndexState> {
  const own = rulesIn(registry);
  return stateOf(upkeep, own, await upkeep.register(own, renewed));
}

/** Sees what the index stands by, and changes nothing: the numbers are those of the same rules that a server has made known. */
export async function readIndexState(upkeep: IndexUpkeep, registry: Registry): Promise<IndexState> {
  const own = rulesIn(registry);
  const known = await upkeep.known();
  const same = known.filter(({ type, fingerprint }) => own.some((rules) => rules.type === type && rules.fingerprint === fingerprint));
  return stateOf(upkeep, own, new Map(same.map(({ type, rules }) => [type, rules])));
}

/** For types whose rules nobody has made known: what is written of them is left to a server, which indexes it by its own. */
export const leftToServers = ({ rulesOf }: IndexState): [ServedType, WriteHook][] =>
  SERVED_TYPES.filter((type) => rulesOf(type) === UNCOUNTED).map((type) => [type, { after: ({ store }) => store.upkeep.leave(type) }]);

async function stateOf(upkeep: IndexUpkeep, rules: TypeRules[], numbers: ReadonlyMap<ServedType, number>): Promise<IndexState> {
  const own = new Map<string, TypeRules>(rules.map((one) => [one.type, one]));
  let known: KnownRules[] = [];
  let unready: ReadonlyMap<string, readonly string[]> = new Map();
  const refresh = async (): Promise<void> => {
    known = await upkeep.known();
    unready = unreadyIn(own, numbers, known);
  };
  await refresh();
  return {
    rulesOf: (type) => numbers.get(type) ?? UNCOUNTED,
    isReady: (type, code) => !unready.get(type)?.includes(code),
    target: () => targetOf(numbers, known),
    newest: () => new Map(newestOf(numbers, known).map(({ type, rules }) => [type, rules])),
    unready: () => unready,
    refresh,
  };
}

function unreadyIn(
  own: ReadonlyMap<string, TypeRules>,
  numbers: ReadonlyMap<ServedType, number>,
  known: KnownRules[],
): ReadonlyMap<string, readonly string[]> {
  const unready = new Map<string, string[]>();
  for (const { type, rules, parameters } of known) {
    if (rules === numbers.get(type)) continue;
    const changed = [...(unready.get(type) ?? []), ...changedIn(own.get(type)!, parameters)];
    if (changed.length) unready.set(type, [...new Set(changed)]);
  }
  return unready;
}

/** A process of older rules makes nothing again: it would undo what one of newer rules does. */
function targetOf(numbers: ReadonlyMap<ServedType, number>, known: KnownRules[]): RulesTarget | undefined {
  const behind = newestOf(numbers, known).filter(({ type, rules }) => known.some((other) => other.type === type && other.rules !== rules));
  return behind.length ? new Map(behind.map(({ type, rules }) => [type, rules])) : undefined;
}

const newestOf = (numbers: ReadonlyMap<ServedType, number>, known: KnownRules[]): KnownRules[] =>
  known.filter((one) => one.newest && one.rules === numbers.get(one.type));
