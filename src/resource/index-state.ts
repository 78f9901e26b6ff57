// What this process knows of the index: by which rules it writes, and which search parameters are whole for it.
import { changedIn, rulesIn, type TypeRules } from '../fhir/indexing/rules.ts';
import type { Registry } from '../fhir/search/parameters.ts';
import type { ServedType } from '../fhir/types.ts';
import type { IndexUpkeep, KnownRules, RulesTarget } from '../store/index-upkeep.ts';

export interface IndexState {
  /** The number of the rules of a type. */
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
  const own = new Map(rulesIn(registry).map((rules) => [rules.type as string, rules]));
  const numbers = await upkeep.register([...own.values()], renewed);
  let known: KnownRules[] = [];
  let unready: ReadonlyMap<string, readonly string[]> = new Map();
  const refresh = async (): Promise<void> => {
    known = await upkeep.known();
    unready = unreadyIn(own, numbers, known);
  };
  await refresh();
  return {
    rulesOf: (type) => numbers.get(type)!,
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
