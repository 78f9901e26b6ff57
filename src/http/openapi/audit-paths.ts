// The paths of AuditEvent in the OpenAPI document of the FHIR API.
import { AUDIT_PARAMETERS, AUDIT_TYPE } from '../../fhir/audit-search.ts';

type Json = Record<string, unknown>;

const buildRef = (kind: string, name: string): Json => ({ $ref: `#/components/${kind}/${name}` });
const buildBody = (name: string): Json => ({
  'application/fhir+json': { schema: buildRef('schemas', name) },
  'application/fhir+xml': { schema: buildRef('schemas', 'Xml') },
});
const FORMATS = [buildRef('parameters', '_format'), buildRef('parameters', '_pretty')];
const FAILURES = {
  400: buildRef('responses', 'invalid'),
  401: buildRef('responses', 'login'),
  403: buildRef('responses', 'forbidden'),
  404: buildRef('responses', 'not-found'),
  406: buildRef('responses', 'not-acceptable'),
  500: buildRef('responses', 'exception'),
  503: buildRef('responses', 'unavailable'),
};
const DESCRIPTION = 'Needs the scope system/AuditEvent.rs by name. Newest first.';

const buildSearch = (name: string): Json => ({
  operationId: `${name}-${AUDIT_TYPE}`,
  summary: 'Search the audit',
  description: DESCRIPTION,
  tags: [AUDIT_TYPE],
  parameters: [
    ...[...AUDIT_PARAMETERS.keys()].map((code) => ({ name: code, in: 'query', required: false, schema: { type: 'string' } })),
    ...FORMATS,
  ],
  responses: { 200: { description: 'Done', content: buildBody('Bundle') }, ...FAILURES },
});

export const AUDIT_PATHS: Record<string, Json> = {
  '/AuditEvent': { get: buildSearch('search') },
  '/AuditEvent/_search': {
    post: {
      ...buildSearch('searchByPost'),
      requestBody: { required: true, content: { 'application/x-www-form-urlencoded': { schema: buildRef('schemas', 'SearchForm') } } },
      responses: {
        200: { description: 'Done', content: buildBody('Bundle') },
        ...FAILURES,
        413: buildRef('responses', 'too-long'),
        415: buildRef('responses', 'media'),
      },
    },
  },
  '/AuditEvent/{id}': {
    get: {
      operationId: `read-${AUDIT_TYPE}`,
      summary: 'Read an AuditEvent',
      description: DESCRIPTION,
      tags: [AUDIT_TYPE],
      parameters: [
        { name: 'id', in: 'path', required: true, schema: { type: 'string' }, example: '018f6b1e-0000-7000-8000-000000000000' },
        ...FORMATS,
      ],
      responses: { 200: { description: 'Done', content: buildBody(AUDIT_TYPE) }, ...FAILURES },
    },
  },
};
