// /admin/keys: creates, lists, rotates and revokes keys. /admin/events: who did so.
import { createKey, listKeyEvents, listKeys, readKey, revokeKey, rotateKey } from '../../administration/keys.ts';
import { invalid, notFound } from '../../fhir/outcome.ts';
import { getKeyState, type ListedApiKey } from '../../store/api-keys.ts';
import type { Tenant } from '../../store/tenants.ts';
import { type AdminCall, type AdminHandler, findTenantOf, readFields, readParameters } from './admin-call.ts';

const CREATE_FIELDS = ['tenant', 'surface', 'scopes', 'name', 'expires', 'patient'] as const;
const ROTATE_FIELDS = ['overlap', 'expires'] as const;
/** Other ids do not exist. */
const KEY_ID = /^key-[0-9a-f]{16}$/;
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

export const handleListKeys: AdminHandler = async (call) => {
  const tenant = await findTenantOf(call);
  const keys = await listKeys(call.administration, tenant);
  return { status: 200, body: { keys: keys.map((key) => toView(call, tenant, key)) } };
};

export const handleReadKey: AdminHandler = async (call) => {
  const { tenant, id } = await findKeyOf(call);
  return { status: 200, body: toView(call, tenant, await readKey(call.administration, tenant, id)) };
};

/** 201 with the text of the key. 200 without it: an earlier request with this Idempotency-Key created the key. */
export const handleCreateKey: AdminHandler = async (call) => {
  const { tenant: named, surface = '', ...fields } = await readFields(call, CREATE_FIELDS);
  const tenant = await findTenantOf(call, { inBody: named });
  const requestKey = readRequestKey(call);
  const { key, text } = await createKey(call.administration, async () => tenant, { surface, ...fields, requestKey });
  const view = toView(call, tenant, key);
  if (text === undefined) return { status: 200, body: view };
  return { status: 201, headers: { Location: `/admin/keys/${key.id}` }, body: { ...view, key: text } };
};

export const handleRotateKey: AdminHandler = async (call) => {
  const { tenant, id } = await findKeyOf(call);
  const fields = await readFields(call, ROTATE_FIELDS);
  const { key, text, replaced } = await rotateKey(call.administration, tenant, { id, ...fields });
  const body = { ...toView(call, tenant, key), key: text, replaces: toView(call, tenant, replaced) };
  return { status: 201, headers: { Location: `/admin/keys/${key.id}` }, body };
};

/** 204 also if the key was revoked before. */
export const handleRevokeKey: AdminHandler = async (call) => {
  const { tenant, id } = await findKeyOf(call);
  if (!(await revokeKey(call.administration, tenant, id))) await readKey(call.administration, tenant, id);
  return { status: 204 };
};

export const handleListEvents: AdminHandler = async (call) => {
  const parameters = readParameters(call, ['tenant', 'before']);
  const tenant = await findTenantOf(call, { parameters });
  const { events, next } = await listKeyEvents(call.administration, tenant, parameters.before);
  return { status: 200, body: { events, ...(next !== undefined && { next }) } };
};

async function findKeyOf(call: AdminCall): Promise<{ tenant: Tenant; id: string }> {
  const tenant = await findTenantOf(call);
  const { id = '' } = call.path;
  if (!KEY_ID.test(id)) throw notFound('there is no key with this id: the list of keys shows the ids');
  return { tenant, id };
}

/** Two administrators may use the same Idempotency-Key. */
function readRequestKey({ idempotencyKey, caller }: AdminCall): string | undefined {
  if (idempotencyKey === undefined) return undefined;
  if (!IDEMPOTENCY_KEY.test(idempotencyKey)) throw invalid('Idempotency-Key must have 1 to 255 printable characters without spaces');
  return `${caller.actor}/${idempotencyKey}`;
}

const toView = ({ administration }: AdminCall, { slug }: Tenant, key: ListedApiKey): object => {
  const { id, surface, scopes, patient, name, created, createdBy, expires, revoked, replacedBy, lastUsed } = key;
  const status = getKeyState(key, administration.now().toISOString());
  return { id, tenant: slug, surface, scopes, patient, name, status, created, createdBy, expires, revoked, replacedBy, lastUsed };
};
