// Builds the OpenAPI document of the administration below /admin. https://spec.openapis.org/oas/v3.1.0
import { ORDER_OPERATIONS, ORDER_PARAMETERS, ORDER_SCHEMAS, SANDBOX_OPERATIONS } from './admin-orders.ts';
import {
  type AdminDocumentOperation,
  closed,
  type Json,
  list,
  OPTIONAL_TEXT,
  parameter,
  ref,
  schema,
  TEXT,
  TIME,
} from './admin-schemas.ts';

const content = (body: Json, example?: Json): Json => ({
  'application/json': { schema: body, ...(example && { examples: { request: { summary: 'an example', value: example } } }) },
});

const OPERATIONS: AdminDocumentOperation[] = [
  {
    path: '/keys',
    method: 'get',
    id: 'listKeys',
    tag: 'keys',
    summary: 'List keys, oldest first',
    parameters: ['tenant'],
    responses: { 200: 'Keys' },
  },
  {
    path: '/keys',
    method: 'post',
    id: 'createKey',
    tag: 'keys',
    summary: 'Create a key',
    description:
      'The response is the only one with the text of the key. A repeated request with the same Idempotency-Key gets 200 and the key without its text: revoke that key, and create another one.',
    parameters: ['tenant', 'idempotencyKey'],
    request: { schema: 'NewKey', example: { surface: 'fhir', scopes: ['system/Patient.rs'], name: 'ward 7' } },
    responses: { 200: 'Key', 201: 'CreatedKey' },
    errors: ['409', '413', '415'],
  },
  {
    path: '/keys/{id}',
    method: 'get',
    id: 'readKey',
    tag: 'keys',
    summary: 'Read a key',
    parameters: ['tenant', 'id'],
    responses: { 200: 'Key' },
  },
  {
    path: '/keys/{id}',
    method: 'delete',
    id: 'revokeKey',
    tag: 'keys',
    summary: 'Revoke a key',
    parameters: ['tenant', 'id'],
    responses: { 204: null },
  },
  {
    path: '/keys/{id}/rotate',
    method: 'post',
    id: 'rotateKey',
    tag: 'keys',
    summary: 'Replace a key by a new one',
    description:
      'The new key has the surface, scopes, patient, name and expiry of the old one. The old one stays valid during the overlap (30m, 24h, 7d, 0). 409 names the replacement of a key that was replaced before.',
    parameters: ['tenant', 'id'],
    request: { schema: 'Rotation', example: { overlap: '24h' } },
    responses: { 201: 'RotatedKey' },
    errors: ['409', '413', '415'],
  },
  {
    path: '/events',
    method: 'get',
    id: 'listEvents',
    tag: 'events',
    summary: 'List who did what to which key or database role, newest first',
    description: 'A list has 1,000 events at most. If there are older ones, next is the id for before in the following request.',
    parameters: ['tenant', 'before'],
    responses: { 200: 'Events' },
  },
  {
    path: '/tenants',
    method: 'get',
    id: 'listTenants',
    tag: 'tenants',
    summary: 'List the tenants that the key may see',
    responses: { 200: 'Tenants' },
  },
  {
    path: '/tenants',
    method: 'post',
    id: 'createTenant',
    tag: 'tenants',
    summary: 'Create a tenant (operators only)',
    request: { schema: 'NewTenant', example: { slug: 'springfield', name: 'Springfield Clinic' } },
    responses: { 201: 'Tenant' },
    errors: ['409', '413', '415'],
  },
  {
    path: '/tenants/{tenant}',
    method: 'get',
    id: 'readTenant',
    tag: 'tenants',
    summary: 'Read a tenant',
    parameters: ['slug'],
    responses: { 200: 'Tenant' },
  },
  {
    path: '/tenants/{tenant}',
    method: 'patch',
    id: 'updateTenant',
    tag: 'tenants',
    summary: 'Change a tenant (operators only)',
    description: 'The keys of a disabled tenant are refused.',
    parameters: ['slug'],
    request: { schema: 'TenantChange', example: { status: 'disabled' } },
    responses: { 200: 'Tenant' },
    errors: ['413', '415'],
  },
];

/** A list of scopes, or one text with spaces or commas. */
const SCOPES = { anyOf: [{ type: 'array', items: TEXT }, TEXT] };
const STATUS = { enum: ['active', 'disabled'] };

const KEY = {
  id: { type: 'string', pattern: '^key-[0-9a-f]{16}$' },
  tenant: TEXT,
  surface: { ...TEXT, description: 'fhir, a vendor, or admin' },
  scopes: { type: 'array', items: TEXT },
  patient: OPTIONAL_TEXT,
  name: OPTIONAL_TEXT,
  status: { enum: ['active', 'expired', 'revoked'] },
  created: { type: 'string', format: 'date-time' },
  createdBy: { ...OPTIONAL_TEXT, description: 'the id of the key of the administrator, or operator at the command line' },
  expires: TIME,
  revoked: TIME,
  replacedBy: OPTIONAL_TEXT,
  lastUsed: { ...TIME, description: 'at most a minute old' },
};
const SECRET = { ...TEXT, description: 'the text of the key, in this response only' };
const TENANT = { slug: TEXT, name: TEXT, status: STATUS, brand: TEXT };
const EVENT = {
  id: TEXT,
  at: { type: 'string', format: 'date-time' },
  action: TEXT,
  key: OPTIONAL_TEXT,
  role: { ...OPTIONAL_TEXT, description: 'the database role that may or may no longer read the tenant by SQL' },
  actor: TEXT,
  via: { enum: ['cli', 'admin'] },
};

const SCHEMAS: Json = {
  Key: closed(KEY),
  CreatedKey: closed({ ...KEY, key: SECRET }),
  RotatedKey: closed({ ...KEY, key: SECRET, replaces: schema('Key') }),
  Keys: list('keys', 'Key'),
  NewKey: closed({ tenant: TEXT, surface: TEXT, scopes: SCOPES, name: TEXT, expires: TEXT, patient: TEXT }, ['surface']),
  Rotation: closed({ overlap: { ...TEXT, default: '24h' }, expires: TEXT }, []),
  Event: closed(EVENT),
  Events: closed({ events: { type: 'array', items: schema('Event') }, next: TEXT }, ['events']),
  Tenant: closed(TENANT),
  Tenants: list('tenants', 'Tenant'),
  NewTenant: closed({ slug: TEXT, name: TEXT, brand: TEXT }, ['slug']),
  TenantChange: closed({ name: TEXT, brand: TEXT, status: STATUS }, []),
  ...ORDER_SCHEMAS,
  Failure: closed({ error: TEXT, message: { ...TEXT, description: 'one sentence with the remedy' } }),
};

const PARAMETERS: Json = {
  tenant: parameter('query', 'tenant', "the tenant; an operator must name it, a tenant's administrator need not"),
  before: parameter('query', 'before', 'the id of an event: only older ones are listed'),
  id: parameter('path', 'id', 'the id of the key'),
  slug: parameter('path', 'tenant', 'the name of the tenant'),
  ...ORDER_PARAMETERS,
  idempotencyKey: parameter('header', 'Idempotency-Key', 'a repeated request with it creates no second key'),
};

const SUCCESSES: Record<string, string> = { 200: 'OK', 201: 'Created', 204: 'Done' };
const FAILURE: Json = { description: 'What is wrong, and the remedy.', content: content(schema('Failure')) };
const ERRORS = ['400', '401', '403', '404', '503'];

const buildOperation = ({
  id,
  tag,
  summary,
  description,
  parameters = [],
  request,
  responses,
  errors = [],
}: AdminDocumentOperation): Json => ({
  operationId: id,
  tags: [tag],
  summary,
  ...(description && { description }),
  parameters: parameters.map((name) => ref('parameters', name)),
  ...(request && { requestBody: { content: content(schema(request.schema), request.example) } }),
  responses: Object.fromEntries([
    ...Object.entries(responses).map(([status, name]) => [
      status,
      { description: SUCCESSES[status], ...(name !== null && { content: content(schema(name)) }) },
    ]),
    ...[...ERRORS, ...errors].map((status) => [status, FAILURE]),
  ]),
});

/** `url`: of the server, with /admin. `sandbox`: orders go to the sandbox. */
export function buildAdminOpenApi({ version, url, sandbox }: { version: string; url: string; sandbox: boolean }): Json {
  const operations = [...OPERATIONS, ...ORDER_OPERATIONS, ...(sandbox ? SANDBOX_OPERATIONS : [])];
  const paths = Object.groupBy(operations, ({ path }) => path);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Administration',
      version,
      description:
        "Keys, tenants and orders. Needs the key of a tenant's administrator (facet keys create --surface admin) or of an operator (--operator).",
    },
    servers: [{ url, description: 'this server' }],
    security: [{ key: [] }],
    tags: [{ name: 'keys' }, { name: 'events' }, { name: 'tenants' }, { name: 'orders' }, ...(sandbox ? [{ name: 'sandbox' }] : [])],
    paths: Object.fromEntries(
      Object.entries(paths).map(([path, operations]) => [
        path,
        Object.fromEntries(operations!.map((operation) => [operation.method, buildOperation(operation)])),
      ]),
    ),
    components: {
      securitySchemes: { key: { type: 'http', scheme: 'bearer' } },
      schemas: SCHEMAS,
      parameters: PARAMETERS,
    },
  };
}
