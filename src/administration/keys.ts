// Creates, lists, rotates and revokes API keys. The text of a new key is returned once.
import { validate as isUuid } from 'uuid';
import { OPERATOR } from '../interactions/context.ts';
import { type AdminEvent, type EventPosition, findAdminEvent, listAdminEvents } from '../store/admin-events.ts';
import {
  createApiKey,
  getKeyState,
  INSTALLATION,
  type ListedApiKey,
  listApiKeys,
  lockApiKey,
  readApiKey,
  replaceApiKey,
  revokeApiKey,
} from '../store/api-keys.ts';
import type { Database } from '../store/database/database.ts';
import type { Tenant } from '../store/tenants.ts';
import { type Administration, record } from './administration.ts';
import { AdministrationError } from './administration-error.ts';
import { checkScopeQueries, findPatient, parseExpiry, parseName, parseOverlap, parseScopes } from './key-fields.ts';
import { findPrefix, OPERATOR_SURFACE } from './key-surfaces.ts';

/** The owner of keys: a tenant, or the installation, whose keys are those of operators. */
export type KeyOwner = Pick<Tenant, 'id' | 'slug' | 'status'>;

export const INSTALLATION_OWNER: KeyOwner = { id: INSTALLATION, slug: '(operators)', status: 'active' };

/** The fields of a new key, as texts. */
interface KeyFields {
  surface: string;
  scopes?: string | undefined;
  name?: string | undefined;
  expires?: string | undefined;
  patient?: string | undefined;
}

/** A key after it was created. `text` is absent if an earlier request with the same request key created it. */
interface CreatedKey {
  key: ListedApiKey;
  text?: string;
}

/** `requestKey`: a repeated request with it creates no second key. */
export async function createKey(
  administration: Administration,
  findOwner: () => Promise<KeyOwner>,
  { requestKey, ...fields }: KeyFields & { requestKey?: string | undefined },
): Promise<CreatedKey> {
  const { database, keyPrefixes, now, by } = administration;
  const { surface, name } = fields;
  const prefix = findPrefix(keyPrefixes, surface);
  const scopes = parseScopes(surface, fields.scopes);
  const expires = parseExpiry(fields.expires, now());
  const label = parseName(name);
  const owner = await findOwner();
  checkOwner(owner, surface);
  checkScopeQueries(scopes, administration.contextOf({ tenant: owner.id, actor: OPERATOR, surface, scopes: [] }));
  const patient =
    fields.patient === undefined ? undefined : await findPatient(administration, { tenant: owner, surface, patientId: fields.patient });
  const wanted = { surface, scopes, name: label, expires: expires ?? null, patient: patient ?? null };
  return database.transaction(async (transaction) => {
    const request = requestKey === undefined ? {} : { requestKey };
    const at = now().toISOString();
    const { id, text, isNew } = await createApiKey(transaction, {
      ...wanted,
      ...request,
      tenant: owner.id,
      prefix,
      at,
      createdBy: by.actor,
    });
    if (!isNew) return { key: await readRepeated(transaction, owner, { requestKey: requestKey!, wanted }) };
    await record(administration, transaction, { tenant: owner.id, action: 'key-created', key: id });
    return { key: (await readApiKey(transaction, owner.id, { id }))!, text };
  });
}

/** A tenant has no operators, and the installation has nothing else. */
function checkOwner({ id, slug, status }: KeyOwner, surface: string): void {
  if ((id === INSTALLATION) !== (surface === OPERATOR_SURFACE))
    throw new AdministrationError('invalid', ' operator is for keys without a tenant, which the command line creates', 'surface');
  if (status !== 'active') throw new AdministrationError('conflict', `tenant ${slug} is disabled: its keys are refused`);
}

/** The key that an earlier request created with the same request key. */
async function readRepeated(
  database: Database,
  owner: KeyOwner,
  { requestKey, wanted }: { requestKey: string; wanted: Pick<ListedApiKey, 'surface' | 'scopes' | 'name' | 'expires' | 'patient'> },
): Promise<ListedApiKey> {
  const key = await readApiKey(database, owner.id, { requestKey });
  if (key && JSON.stringify(pickWanted(key)) === JSON.stringify(pickWanted(wanted))) return key;
  throw new AdministrationError('conflict', 'this Idempotency-Key was used for another key: send a new one');
}

const pickWanted = ({ surface, scopes, name, expires, patient }: Parameters<typeof readRepeated>[2]['wanted']): unknown[] => [
  surface,
  scopes,
  name,
  expires,
  patient,
];

/** The keys of an owner, oldest first. */
export const listKeys = ({ database }: Administration, owner: KeyOwner): Promise<ListedApiKey[]> => listApiKeys(database, owner.id);

/** A key of an owner. A key of another owner does not exist. */
export async function readKey({ database }: Administration, owner: KeyOwner, id: string): Promise<ListedApiKey> {
  const key = await readApiKey(database, owner.id, { id });
  if (!key) throw new AdministrationError('not-found', 'there is no key with this id: the list of keys shows the ids');
  return key;
}

interface RotatedKey extends CreatedKey {
  text: string;
  /** The replaced key, which stays valid until it expires. */
  replaced: ListedApiKey;
}

/**
 * Creates a key with the same surface, scopes, patient and name. The old key expires after the overlap. The new key expires when the old key would have expired,
 * if `expires` does not name another time. A key is replaced again only after its replacement was revoked or has expired: so a lost response leaves no key that
 * nobody knows.
 */
export async function rotateKey(
  administration: Administration,
  owner: KeyOwner,
  { id, overlap, expires }: { id: string; overlap?: string | undefined; expires?: string | undefined },
): Promise<RotatedKey> {
  const { database, keyPrefixes, now, by } = administration;
  const [overlapMs, newExpiry] = [parseOverlap(overlap), parseExpiry(expires, now())];
  const within = (transaction: Database): Administration => ({ ...administration, database: transaction });
  return database.transaction(async (transaction) => {
    await lockApiKey(transaction, owner.id, id);
    const old = await readKey(within(transaction), owner, id);
    const at = now();
    const regularExpiry = await checkReplaceable(within(transaction), owner, old);
    const end = new Date(at.getTime() + overlapMs).toISOString();
    const oldEnd = old.expires !== null && old.expires < end ? old.expires : end;
    const { surface, scopes, name, patient, tenant } = old;
    const created = { surface, scopes, name, patient, tenant, prefix: findPrefix(keyPrefixes, surface), at: at.toISOString() };
    const { id: newId, text } = await createApiKey(transaction, { ...created, expires: newExpiry ?? regularExpiry, createdBy: by.actor });
    await replaceApiKey(transaction, { tenant, id, replacedBy: newId, expires: oldEnd });
    await record(administration, transaction, { tenant, action: 'key-rotated', key: id });
    await record(administration, transaction, { tenant, action: 'key-created', key: newId });
    const [key, replaced] = [await readKey(within(transaction), owner, newId), await readKey(within(transaction), owner, id)];
    return { key, text, replaced };
  });
}

/** Refuses a key that cannot be replaced. Returns when it expires without a replacement. */
async function checkReplaceable(
  administration: Administration,
  owner: KeyOwner,
  { id, replacedBy, ...key }: ListedApiKey,
): Promise<string | null> {
  const at = administration.now().toISOString();
  const state = getKeyState(key, at);
  const successor = replacedBy === null ? undefined : await readKey(administration, owner, replacedBy);
  if (successor && getKeyState(successor, at) === 'active')
    throw new AdministrationError(
      'conflict',
      `key ${id} was replaced by ${replacedBy} already: use that one, or revoke it if nobody knows its text, and rotate ${id} again`,
    );
  if (state !== 'active')
    throw new AdministrationError('conflict', `key ${id} ${state === 'revoked' ? 'was revoked' : 'has expired'}: create a new key`);
  return successor ? successor.expires : key.expires;
}

/** Refuses a key from now on. Returns false if it was revoked before. */
export async function revokeKey(administration: Administration, owner: KeyOwner, id: string): Promise<boolean> {
  const { database, now } = administration;
  return database.transaction(async (transaction) => {
    const isRevoked = await revokeApiKey(transaction, { tenant: owner.id, id, at: now().toISOString() });
    if (isRevoked) await record(administration, transaction, { tenant: owner.id, action: 'key-revoked', key: id });
    return isRevoked;
  });
}

/** Events of one list. */
const MAX_EVENTS = 1000;

/** Newest first. `next`: the id of the last event, if there are older ones. */
interface KeyEvents {
  events: AdminEvent[];
  next?: string;
}

/** Who did what to the keys of an owner, and to database roles for reports. `before`: the id of an event; only older events are listed. */
export async function listKeyEvents({ database }: Administration, owner: KeyOwner, before?: string): Promise<KeyEvents> {
  const position = before === undefined ? undefined : await findPosition(database, owner, before);
  const found = await listAdminEvents(database, owner.id, { before: position, limit: MAX_EVENTS + 1 });
  const events = found.slice(0, MAX_EVENTS);
  return { events, ...(found.length > MAX_EVENTS && { next: events.at(-1)!.id }) };
}

async function findPosition(database: Database, owner: KeyOwner, id: string): Promise<EventPosition> {
  const position = isUuid(id) ? await findAdminEvent(database, owner.id, id) : undefined;
  if (!position) throw new AdministrationError('invalid', ' is not the id of an event: the end of a full list has it', 'before');
  return position;
}
