// Cases of the constraints of statements and definitions of what a system does. https://hl7.org/fhir/R4/conformance-module.html
import { type InvariantCases, implementation, type Json, profile, reference, software } from './values.ts';

const document = (mode: string): Json => ({ mode, profile });
const endpoint = [{ protocol: { code: 'http' }, address: 'https://example.org' }];
const searched = (name: string): Json => ({ name, type: 'string' });
const grouping = (id: string): Json => ({ id, name: id });

export const CAPABILITY_CASES: InvariantCases = {
  'CapabilityStatement.cpb-1': {
    type: 'CapabilityStatement',
    keeps: [{ rest: [{ mode: 'server' }] }, { messaging: [{ reliableCache: 1 }] }, { document: [document('producer')] }],
    breaks: [{ kind: 'instance' }],
  },
  'CapabilityStatement.cpb-2': {
    type: 'CapabilityStatement',
    keeps: [{ description: 'A' }, { software }, { implementation }],
    breaks: [{ kind: 'instance' }],
  },
  'CapabilityStatement.cpb-3': {
    type: 'CapabilityStatement',
    keeps: [
      { kind: 'instance', messaging: [{ endpoint }] },
      { kind: 'requirements', messaging: [{ reliableCache: 1 }] },
    ],
    breaks: [{ kind: 'requirements', messaging: [{ endpoint }] }],
  },
  'CapabilityStatement.cpb-7': {
    type: 'CapabilityStatement',
    keeps: [{ document: [document('producer'), document('consumer')] }, {}],
    breaks: [{ document: [document('producer'), document('producer')] }],
  },
  'CapabilityStatement.cpb-9': {
    type: 'CapabilityStatement.rest',
    keeps: [{ resource: [{ type: 'Patient' }, { type: 'Observation' }] }, { mode: 'server' }],
    breaks: [{ resource: [{ type: 'Patient' }, { type: 'Patient' }] }],
  },
  'CapabilityStatement.cpb-12': {
    type: 'CapabilityStatement.rest.resource',
    keeps: [{ searchParam: [searched('name'), searched('birthdate')] }, { type: 'Patient' }],
    breaks: [{ searchParam: [searched('name'), searched('name')] }],
  },
  'CapabilityStatement.cpb-14': {
    type: 'CapabilityStatement',
    keeps: [{ kind: 'instance', implementation }, { kind: 'capability' }],
    breaks: [{ kind: 'instance', software }],
  },
  'CapabilityStatement.cpb-15': {
    type: 'CapabilityStatement',
    keeps: [
      { kind: 'capability', software },
      { kind: 'instance', implementation },
    ],
    breaks: [{ kind: 'capability', software, implementation }, { kind: 'capability' }],
  },
  'CapabilityStatement.cpb-16': {
    type: 'CapabilityStatement',
    keeps: [{ kind: 'requirements' }, { kind: 'instance', implementation, software }],
    breaks: [
      { kind: 'requirements', implementation },
      { kind: 'requirements', software },
    ],
  },
  'ImplementationGuide.ig-1': {
    type: 'ImplementationGuide.definition',
    keeps: [
      { grouping: [grouping('a'), grouping('b')], resource: [{ reference, groupingId: 'b' }, { reference }] },
      { resource: [{ reference }] },
    ],
    breaks: [
      {
        grouping: [grouping('a')],
        resource: [
          { reference, groupingId: 'a' },
          { reference, groupingId: 'b' },
        ],
      },
      { resource: [{ reference, groupingId: 'a' }] },
    ],
  },
  'ImplementationGuide.ig-2': {
    type: 'ImplementationGuide',
    keeps: [
      { fhirVersion: ['4.0.1', '3.0.2'], definition: { resource: [{ reference, fhirVersion: ['3.0.2'] }, { reference }] } },
      { fhirVersion: ['4.0.1'] },
    ],
    breaks: [{ fhirVersion: ['4.0.1'], definition: { resource: [{ reference, fhirVersion: ['4.0.1', '3.0.2'] }] } }],
  },
  'MessageDefinition.md-1': {
    type: 'MessageDefinition.focus',
    keeps: [{ max: '*' }, { max: '1' }, { max: '20' }, { code: 'Patient' }],
    breaks: [{ max: '0' }, { max: '-1' }],
  },
  'OperationDefinition.opd-1': {
    type: 'OperationDefinition.parameter',
    keeps: [{ type: 'string' }, { part: [{ name: 'a', type: 'string' }] }],
    breaks: [{ name: 'a' }],
  },
  'OperationDefinition.opd-2': {
    type: 'OperationDefinition.parameter',
    keeps: [{ type: 'string', searchType: 'token' }, { type: 'code' }],
    breaks: [{ type: 'code', searchType: 'token' }],
  },
  'OperationDefinition.opd-3': {
    type: 'OperationDefinition.parameter',
    keeps: [{ type: 'Reference', targetProfile: [profile] }, { type: 'canonical', targetProfile: [profile] }, { type: 'code' }],
    breaks: [{ type: 'code', targetProfile: [profile] }],
  },
  'SearchParameter.spd-1': {
    type: 'SearchParameter',
    keeps: [{ xpath: 'f:Patient', xpathUsage: 'normal' }, { expression: 'Patient.name' }],
    breaks: [{ xpath: 'f:Patient' }],
  },
  'SearchParameter.spd-2': {
    type: 'SearchParameter',
    keeps: [{ type: 'reference', chain: ['name'] }, { type: 'token' }],
    breaks: [{ type: 'token', chain: ['name'] }],
  },
};
