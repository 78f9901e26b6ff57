// Plain queries through knex's query builder. Hot statements, and those that only PostgreSQL's own syntax can say, are SQL texts. docs/decisions/0031-knex.md
import knex, { type Knex } from 'knex';
import type { Database } from './database.ts';

/** Builds queries only: it has no connection, and runs nothing. */
export const queryBuilder: Knex = knex({ client: 'pg' });

/** Runs a built query. Like every statement, it goes through the handle, which knows the transaction and the queue of the request. */
export function runQuery<T extends object>(database: Database, query: Knex.QueryBuilder): Promise<T[]> {
  const { sql, bindings } = query.toSQL().toNative();
  return database.query<T>(sql, [...bindings]);
}
