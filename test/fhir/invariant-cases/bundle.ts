// Cases of the constraints of bundles. https://hl7.org/fhir/R4/bundle.html
import type { InvariantCases, Json } from './values.ts';

const request = { method: 'GET', url: 'Patient/1' };
const response = { status: '200' };
const patient = { resourceType: 'Patient', id: '1' };
const composition = { resourceType: 'Composition', title: 'Letter' };
const message = { resourceType: 'MessageHeader', eventUri: 'https://example.org/event' };
const bundle = (type: string, entry: Json[], more: Json = {}): Json => ({ resourceType: 'Bundle', type, entry, ...more });
const version = (id: string, versionId: string): Json => ({
  fullUrl: `https://example.org/fhir/Patient/${id}`,
  resource: { resourceType: 'Patient', id, meta: { versionId } },
});

export const BUNDLE_CASES: InvariantCases = {
  'Bundle.bdl-1': {
    type: 'Bundle',
    keeps: [bundle('searchset', [], { total: 0 }), bundle('history', [], { total: 0 }), bundle('collection', [])],
    breaks: [bundle('collection', [], { total: 0 }), bundle('transaction', [], { total: 1 })],
  },
  'Bundle.bdl-2': {
    type: 'Bundle',
    keeps: [bundle('searchset', [{ search: { mode: 'match' } }]), bundle('collection', [{ resource: patient }])],
    breaks: [bundle('collection', [{ search: { mode: 'match' } }])],
  },
  'Bundle.bdl-3': {
    type: 'Bundle',
    keeps: [
      ...['batch', 'transaction', 'history'].map((type) => bundle(type, [{ request }])),
      bundle('batch', []),
      bundle('collection', [{ resource: patient }]),
    ],
    breaks: [
      ...['batch', 'transaction', 'history'].map((type) => bundle(type, [{ request }, { resource: patient }])),
      bundle('collection', [{ resource: patient, request }]),
    ],
  },
  'Bundle.bdl-4': {
    type: 'Bundle',
    keeps: [
      ...['batch-response', 'transaction-response', 'history'].map((type) => bundle(type, [{ response }])),
      bundle('batch-response', []),
      bundle('batch', [{ request }]),
    ],
    breaks: [
      ...['batch-response', 'transaction-response', 'history'].map((type) => bundle(type, [{ response }, { resource: patient }])),
      bundle('batch', [{ request, response }]),
    ],
  },
  'Bundle.bdl-5': {
    type: 'Bundle.entry',
    keeps: [{ resource: patient }, { request }, { response }],
    breaks: [{ fullUrl: 'https://example.org/fhir/Patient/1' }, { search: { mode: 'match' } }],
  },
  'Bundle.bdl-7': {
    type: 'Bundle',
    keeps: [
      bundle('collection', [version('1', '1'), version('1', '2'), version('2', '1')]),
      bundle('collection', [{ resource: patient }, { resource: patient }]),
      bundle('history', [version('1', '1'), version('1', '1')]),
    ],
    breaks: [
      bundle('collection', [version('1', '1'), version('1', '1')]),
      bundle('collection', [{ fullUrl: 'urn:uuid:1' }, { fullUrl: 'urn:uuid:1' }]),
    ],
  },
  'Bundle.bdl-8': {
    type: 'Bundle.entry',
    keeps: [{ fullUrl: 'https://example.org/fhir/Patient/1' }, { resource: patient }],
    breaks: [{ fullUrl: 'https://example.org/fhir/Patient/1/_history/2' }],
  },
  'Bundle.bdl-9': {
    type: 'Bundle',
    keeps: [bundle('document', [], { identifier: { system: 'urn:ietf:rfc:3986', value: 'urn:uuid:1' } }), bundle('collection', [])],
    breaks: [
      bundle('document', []),
      bundle('document', [], { identifier: { value: '1' } }),
      bundle('document', [], { identifier: { system: 'urn:ietf:rfc:3986' } }),
    ],
  },
  'Bundle.bdl-10': {
    type: 'Bundle',
    keeps: [bundle('document', [], { timestamp: '2020-01-01T00:00:00Z' }), bundle('collection', [])],
    breaks: [bundle('document', [])],
  },
  'Bundle.bdl-11': {
    type: 'Bundle',
    keeps: [bundle('document', [{ resource: composition }, { resource: patient }]), bundle('collection', [{ resource: patient }])],
    breaks: [bundle('document', [{ resource: patient }, { resource: composition }])],
  },
  'Bundle.bdl-12': {
    type: 'Bundle',
    keeps: [bundle('message', [{ resource: message }, { resource: patient }]), bundle('collection', [{ resource: patient }])],
    breaks: [bundle('message', [{ resource: patient }, { resource: message }])],
  },
  'Parameters.inv-1': {
    type: 'Parameters.parameter',
    keeps: [
      { name: 'a', valueCode: 'b' },
      { name: 'a', resource: patient },
      { name: 'a', part: [{ name: 'b', valueCode: 'c' }] },
    ],
    breaks: [
      { name: 'a' },
      { name: 'a', valueCode: 'b', resource: patient },
      { name: 'a', valueCode: 'b', part: [{ name: 'b', valueCode: 'c' }] },
    ],
  },
  'AuditEvent.sev-1': {
    type: 'AuditEvent.entity',
    keeps: [{ name: 'a' }, { query: 'YQ==' }],
    breaks: [{ name: 'a', query: 'YQ==' }],
  },
};
