// Simple queries are built with knex. Hot statements, and statements that need PostgreSQL's own syntax, are SQL texts. docs/decisions/0031-knex.md
import knex, { type Knex } from 'knex';
import type { Database } from './database.ts';

/** Builds queries; it has no connection. */
export const queryBuilder: Knex = knex({ client: 'pg' });

/** Runs a built query through the handle, which knows the transaction and the queue of the request. */
export function runQuery<T extends object>(database: Database, query: Knex.QueryBuilder): Promise<T[]> {
  const { sql, bindings } = query.toSQL().toNative();
  return database.query<T>(sql, [...bindings]);
}
