// Writing changes: one statement, whether for one change or for many.

import type { Database } from '../database/database.ts';
import type { Change } from './change.ts';
import { writeMany } from './write-many.ts';
import { type OneKind, writeOne } from './write-one.ts';

interface Answer {
  applied: number;
}

/**
 * Applies the changes that replace what they think they replace, in one statement; answers how many. A change that is not applied leaves no trace.
 * Of several changes of one resource only the first can be applied.
 */
export async function write(database: Database, tenant: number, changes: Change[]): Promise<number> {
  const [first, ...others] = changes;
  if (!first) return 0;
  const kind = others.length === 0 ? kindOf(first) : undefined;
  const answers = kind ? await one(database, tenant, first, kind) : await many(database, tenant, changes);
  return answers[0]!.applied;
}

function one(database: Database, tenant: number, change: Change, kind: OneKind): Promise<Answer[]> {
  const { name, sql, parameters } = writeOne(tenant, change, kind);
  return database.query<Answer>(sql, parameters, `write-${name}`);
}

function many(database: Database, tenant: number, changes: Change[]): Promise<Answer[]> {
  const firsts = new Map(changes.toReversed().map((change) => [`${change.type}/${change.id}`, change]));
  const { sql, parameters } = writeMany(tenant, [...firsts.values()].reverse());
  return database.query<Answer>(sql, parameters);
}

/** Undefined for what hardly anybody does, a first version without index rows: left to the statement for all kinds. */
function kindOf({ previous, index }: Change): OneKind | undefined {
  if (previous === undefined) return index ? 'create' : undefined;
  return index ? 'update' : 'delete';
}
