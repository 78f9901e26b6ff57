// Writes one or more changes in one statement.

import type { Database } from '../database/database.ts';
import type { ResourceChange } from './resource-change.ts';
import { buildBatchWrite } from './write-many.ts';
import { buildSingleWrite, type WriteKind } from './write-one.ts';

interface AppliedCount {
  applied: number;
}

/**
 * Applies each change whose `previous` version is still the current one, and returns the number of applied changes. A change that is not applied writes
 * nothing. Of several changes of one resource, only the first can be applied.
 */
export async function writeChanges(database: Database, tenant: number, changes: ResourceChange[]): Promise<number> {
  const [first, ...others] = changes;
  if (!first) return 0;
  const kind = others.length === 0 ? findWriteKind(first) : undefined;
  const answers = kind ? await writeOne(database, tenant, first, kind) : await writeMany(database, tenant, changes);
  return answers[0]!.applied;
}

function writeOne(database: Database, tenant: number, change: ResourceChange, kind: WriteKind): Promise<AppliedCount[]> {
  const { name, sql, parameters } = buildSingleWrite(tenant, change, kind);
  return database.query<AppliedCount>(sql, parameters, `write-${name}`);
}

function writeMany(database: Database, tenant: number, changes: ResourceChange[]): Promise<AppliedCount[]> {
  const firsts = new Map(changes.toReversed().map((change) => [`${change.type}/${change.id}`, change]));
  const { sql, parameters } = buildBatchWrite(tenant, [...firsts.values()].reverse());
  return database.query<AppliedCount>(sql, parameters);
}

/** Undefined for a first version without index rows, which is rare: the statement for many changes writes it. */
function findWriteKind({ previous, index }: ResourceChange): WriteKind | undefined {
  if (previous === undefined) return index ? 'create' : undefined;
  return index ? 'update' : 'delete';
}
