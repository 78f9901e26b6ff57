// What commands need to know when no server runs them: from the project's files and the database alone.
import { v7 } from 'uuid';
import type { Config } from '../config.ts';
import { load } from '../loaded.ts';
import { UNCHECKED } from '../resource/profiles.ts';
import type { Database } from '../store/database.ts';
import { storeOf } from '../store/sql-store.ts';
import type { AdminFacts } from './admin-command.ts';

export function adminFacts(database: Database, { baseUrl, port, mappings }: Config): AdminFacts {
  const { keyPrefixes, registry, mappings: loaded } = load(mappings);
  const now = () => new Date();
  const base = {
    store: storeOf(database),
    clock: now,
    newId: v7,
    registry,
    effects: new Map(),
    profiles: UNCHECKED,
    baseUrl: `${baseUrl ?? `http://localhost:${port}`}/fhir/R4`,
  };
  return { keyPrefixes, mappings: loaded, now, contextOf: (caller) => ({ ...base, caller }) };
}
