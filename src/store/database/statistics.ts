// Keeps the planner's statistics current while the store grows. The embedded engine never gathers statistics, and a server may have autovacuum off or delayed.
// Without statistics, a search after a large load takes a hundred times as long. A type that the statistics do not know yet is dangerous in a large table: the planner
// expects no row of it, and a sorted search compares each row with each.
import type { Database } from './database.ts';

const TABLES = ['resource', 'past_version', 'sx', 'sx_ref', 'sx_string', 'sx_date', 'sx_number', 'sx_composite', 'sx_text'];
/** Writes until the first check. Each later check comes after twice as many writes. */
const FIRST_CHECK = 500;
/** A check also runs when no write follows for PAUSE_MS (in ms), after at least MIN_WRITES writes. */
const PAUSE_MS = 1000;
const MIN_WRITES = 50;
/** True if the table has grown by a quarter since its last analysis, so autovacuum has not run. (PostgreSQL's own counters lag behind.) */
const STALE = "reltuples < 0 or relpages < 0.8 * pg_relation_size(oid) / current_setting('block_size')::int";
const STALE_TABLES = `select name from unnest($1::text[]) as name join pg_class on oid = name::regclass where ${STALE}`;
/** On Citus, the shards have the rows and their statistics. `%s` is the name of a shard. */
const STALE_DISTRIBUTED_TABLES = `select distinct name from unnest($1::text[]) as name,
  run_command_on_shards(name::regclass, $$select ${STALE} from pg_class where oid = '%s'::regclass$$) where success and result::boolean`;

/** Writes of a type until it is checked whether the statistics know it. Each later check comes after twice as many. */
const FIRST_TYPE_CHECK = 200;
/** The types that the planner knows; `unnest` cannot read the pseudo-type of the column otherwise. */
const KNOWN_TYPES =
  "select most_common_vals::text::int[] as known from pg_stats where schemaname = 'public' and tablename = 'sx' and attname = 'rtype'";

/** Called with the type number of each committed write. */
export type NoteWrites = (types: readonly number[]) => void;

/** Returns a function that counts committed writes and starts the checks in the background. Do not call it inside a transaction. */
export function createStatisticsUpdate(database: Database): NoteWrites {
  let since = 0;
  let due = FIRST_CHECK;
  let pause: NodeJS.Timeout | undefined;
  let isChecking = false;
  const types = countTypes();
  const check = async (): Promise<void> => {
    // one connection at most: to analyze large tables takes seconds
    if (isChecking) return;
    isChecking = true;
    since = 0;
    // After a failure (the database is closing, a lock), the statistics stay as they are and the next check tries again.
    await analyzeStaleTables(database, types.takeDue()).catch(() => {});
    isChecking = false;
  };
  return (written) => {
    since += written.length;
    types.add(written);
    clearTimeout(pause);
    if (since >= due) {
      due *= 2;
      void check();
    } else if (types.hasDue()) {
      void check();
    } else if (since >= MIN_WRITES) {
      pause = setTimeout(() => void check(), PAUSE_MS).unref();
    }
  };
}

interface TypeCounts {
  add(types: readonly number[]): void;
  hasDue(): boolean;
  /** The types to check. They are checked again after as many more writes. */
  takeDue(): number[];
}

function countTypes(): TypeCounts {
  const counts = new Map<number, { written: number; due: number }>();
  const isDue = ({ written, due }: { written: number; due: number }): boolean => written >= due;
  return {
    add(types) {
      for (const type of types) {
        const count = counts.get(type) ?? { written: 0, due: FIRST_TYPE_CHECK };
        count.written++;
        counts.set(type, count);
      }
    },
    hasDue: () => counts.values().some(isDue),
    takeDue() {
      const found = [...counts].filter(([, count]) => isDue(count));
      for (const [, count] of found) count.due = 2 * count.written;
      return found.map(([type]) => type);
    },
  };
}

/** A small table that grows is analyzed alone: to analyze the tokens of a large one takes a second. */
async function analyzeStaleTables(database: Database, types: number[]): Promise<void> {
  const tables = (await hasUnknownType(database, types)) ? TABLES : await findStaleTables(database);
  // a table that another process analyzes is left to it
  if (tables.length) await database.script(`analyze (skip_locked) ${tables.join(', ')}`);
}

async function findStaleTables(database: Database): Promise<string[]> {
  const sql = database.isDistributed() ? STALE_DISTRIBUTED_TABLES : STALE_TABLES;
  return (await database.query<{ name: string }>(sql, [`{${TABLES.join(',')}}`])).map(({ name }) => name);
}

/** Whether the statistics do not know one of the types. On Citus only the shards have statistics, so none is unknown there. */
async function hasUnknownType(database: Database, types: number[]): Promise<boolean> {
  if (types.length === 0 || database.isDistributed()) return false;
  const [row] = await database.query<{ known: number[] | null }>(KNOWN_TYPES);
  return types.some((type) => !row?.known?.includes(type));
}
