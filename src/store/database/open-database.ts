// Opens the database of the store: a PostgreSQL server or the embedded engine (PGlite).
import type { Database, EmbeddedOptions, ServerOptions } from './database.ts';

/** Loads only the engine that is used. */
export async function openDatabase(options: ServerOptions | EmbeddedOptions): Promise<Database> {
  if ('url' in options) return (await import('./postgres-pool.ts')).openServer(options);
  return (await import('./embedded.ts')).openEmbedded(options);
}
