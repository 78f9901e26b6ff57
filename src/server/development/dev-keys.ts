// Creates the development tenants `demo` and `other`, and their keys in `dev-keys.json`. Never in production.
// A restart never changes a key in the file. Without the file, the tenants get new keys in addition to their old ones.
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ADMIN_SURFACE } from '../../administration/key-surfaces.ts';
import { isObject, tryParseJson } from '../../fhir/json-values.ts';
import { importApiKey } from '../../store/api-keys.ts';
import type { Database } from '../../store/database/database.ts';
import { createTenant, listTenants } from '../../store/tenants.ts';

const FILE = 'dev-keys.json';
/** Its content: tenant → surface → key. */
export type DevKeyFile = Record<string, Record<string, string>>;

/** The tenants by name, with their numbers and keys. */
export type DevKeys = Record<string, { tenant: number; keys: Record<string, string> }>;

const TENANTS: Record<string, string> = { demo: 'Demo', other: 'Other' };

/** The keys of the file, as they are now. */
export const readDevKeys = (directory: string): Promise<DevKeyFile> => readKeyFile(join(directory, FILE));

/** Ensures that both tenants exist and have an active key for each surface, that of administrators included; returns the keys. Keys of surfaces that are not served stay in the file. `prefixes`: surface → prefix of its keys. */
export async function ensureDevKeys(database: Database, directory: string, prefixes: Record<string, string>): Promise<DevKeys> {
  const file = join(directory, FILE);
  const stored = await readKeyFile(file);
  const keys: DevKeys = {};
  const all = { ...prefixes, [ADMIN_SURFACE]: 'admin_test_' };
  for (const [slug, name] of Object.entries(TENANTS)) {
    const tenant = await ensureTenant(database, slug, name);
    keys[slug] = { tenant, keys: await ensureKeys(database, tenant, { stored: stored[slug] ?? {}, prefixes: all }) };
  }
  const now = Object.fromEntries(Object.entries(keys).map(([slug, { keys: own }]) => [slug, { ...stored[slug], ...own }]));
  if (JSON.stringify(stored) !== JSON.stringify(now)) await writeKeyFile(directory, file, now);
  await chmod(file, 0o600);
  return keys;
}

/** Returns an active key for each surface: the key in the file, else a new one. */
async function ensureKeys(
  database: Database,
  tenant: number,
  { stored, prefixes }: { stored: Record<string, string>; prefixes: Record<string, string> },
) {
  const keys: Record<string, string> = {};
  for (const [surface, prefix] of Object.entries(prefixes)) {
    const text = stored[surface] ?? prefix + randomBytes(24).toString('hex');
    await importApiKey(database, {
      tenant,
      surface,
      text,
      scopes: surface === ADMIN_SURFACE ? [] : surface === 'fhir' ? ['*', 'admin', 'system/AuditEvent.rs'] : ['*'],
      name: 'development',
      at: new Date().toISOString(),
    });
    keys[surface] = text;
  }
  return keys;
}

async function ensureTenant(database: Database, slug: string, name: string): Promise<number> {
  await createTenant(database, { slug, name, at: new Date().toISOString() });
  return (await listTenants(database)).find((tenant) => tenant.slug === slug)!.id;
}

async function readKeyFile(file: string): Promise<DevKeyFile> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{}';
    throw error;
  });
  const keys = tryParseJson(text);
  if (!isKeyFile(keys)) throw new Error(`${file} is not a file of keys, {"demo":{"fhir":"…"}}: correct it, or delete it to get new keys`);
  return keys;
}

const isKeyFile = (value: unknown): value is DevKeyFile =>
  isObject(value) &&
  Object.values(value).every((keys) => isObject(keys) && Object.values(keys).every((key) => typeof key === 'string' && key));

/** Writes a temporary file and renames it: a crash leaves the old file or the new one. */
async function writeKeyFile(directory: string, file: string, keys: DevKeyFile): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(keys, null, 2)}\n`, { mode: 0o600 });
  await rename(draft, file);
}
