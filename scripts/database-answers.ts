// `node scripts/database-answers.ts`: says by its exit code whether the PostgreSQL named by TEST_DATABASE_URL answers.
import pg from 'pg';

const client = new pg.Client({ connectionString: process.env.TEST_DATABASE_URL, connectionTimeoutMillis: 3000 });
try {
  await client.connect();
  await client.query('select 1');
  await client.end();
} catch {
  process.exitCode = 1;
}
