// Opens the database that stands behind the store: a server or the embedded engine.
import type { Database, EmbeddedOptions, ServerOptions } from './database.ts';

/** Opens a database. The engine that is not used is not loaded. */
export async function openDatabase(options: ServerOptions | EmbeddedOptions): Promise<Database> {
  if ('url' in options) return (await import('./postgres.ts')).openServer(options);
  return (await import('./embedded.ts')).openEmbedded(options);
}
