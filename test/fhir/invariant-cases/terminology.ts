// Cases of the constraints of code systems, value sets and maps. https://hl7.org/fhir/R4/terminology-module.html
import { type InvariantCases, implementation, type Json, software } from './values.ts';

const filter = { property: 'STATUS', op: '=', value: 'ACTIVE' };
const preferred = (type: string, isPreferred: boolean): Json => ({ type, value: '1', preferred: isPreferred });

export const TERMINOLOGY_CASES: InvariantCases = {
  'CodeSystem.csd-1': {
    type: 'CodeSystem',
    keeps: [
      { concept: [{ code: 'a', concept: [{ code: 'b', concept: [{ code: 'c' }] }] }, { code: 'd' }] },
      { concept: [{ code: 'a' }, { code: 'A' }] },
      {},
    ],
    breaks: [
      { concept: [{ code: 'a' }, { code: 'a' }] },
      { concept: [{ code: 'a', concept: [{ code: 'a' }] }] },
      {
        concept: [
          { code: 'a', concept: [{ code: 'b' }] },
          { code: 'c', concept: [{ code: 'd', concept: [{ code: 'b' }] }] },
        ],
      },
    ],
  },
  'ConceptMap.cmd-1': {
    type: 'ConceptMap.group.element.target',
    keeps: [
      { equivalence: 'narrower', comment: 'Only adults' },
      { equivalence: 'inexact', comment: 'Nearly' },
      { equivalence: 'equal' },
      { code: 'a' },
    ],
    breaks: [{ equivalence: 'narrower' }, { equivalence: 'inexact', code: 'a' }],
  },
  'ConceptMap.cmd-2': {
    type: 'ConceptMap.group.unmapped',
    keeps: [{ mode: 'fixed', code: 'a' }, { mode: 'provided' }],
    breaks: [{ mode: 'fixed' }],
  },
  'ConceptMap.cmd-3': {
    type: 'ConceptMap.group.unmapped',
    keeps: [{ mode: 'other-map', url: 'https://example.org/map' }, { mode: 'provided' }],
    breaks: [{ mode: 'other-map' }],
  },
  'NamingSystem.nsd-1': {
    type: 'NamingSystem',
    keeps: [
      { kind: 'root', uniqueId: [{ type: 'oid', value: '1.2' }] },
      { kind: 'codesystem', uniqueId: [{ type: 'uuid', value: '1' }] },
    ],
    breaks: [
      {
        kind: 'root',
        uniqueId: [
          { type: 'oid', value: '1.2' },
          { type: 'uuid', value: '1' },
        ],
      },
    ],
  },
  'NamingSystem.nsd-2': {
    type: 'NamingSystem',
    keeps: [
      { uniqueId: [preferred('oid', true), preferred('uri', true)] },
      { uniqueId: [preferred('oid', true), preferred('oid', false), { type: 'oid', value: '1' }] },
      {},
    ],
    breaks: [{ uniqueId: [preferred('oid', true), preferred('oid', true)] }],
  },
  'StructureMap.smp-1': {
    type: 'StructureMap.group.rule.target',
    keeps: [{ element: 'name', context: 'target' }, { context: 'target' }, { variable: 'a' }],
    breaks: [{ element: 'name' }],
  },
  'StructureMap.smp-2': {
    type: 'StructureMap.group.rule.target',
    keeps: [{ context: 'target', contextType: 'variable' }, { contextType: 'variable' }, { variable: 'a' }],
    breaks: [{ context: 'target' }],
  },
  'TerminologyCapabilities.tcp-1': {
    type: 'TerminologyCapabilities.codeSystem',
    keeps: [{ version: [{ code: '1' }, { code: '2' }] }, { version: [{ isDefault: true }] }, { uri: 'https://example.org' }],
    breaks: [{ version: [{ code: '1' }, { isDefault: true }] }],
  },
  'TerminologyCapabilities.tcp-2': {
    type: 'TerminologyCapabilities',
    keeps: [{ description: 'A' }, { software }, { implementation }],
    breaks: [{ kind: 'instance' }],
  },
  'TerminologyCapabilities.tcp-3': {
    type: 'TerminologyCapabilities',
    keeps: [{ kind: 'instance', implementation }, { kind: 'capability' }],
    breaks: [{ kind: 'instance', software }],
  },
  'TerminologyCapabilities.tcp-4': {
    type: 'TerminologyCapabilities',
    keeps: [
      { kind: 'capability', software },
      { kind: 'instance', implementation },
    ],
    breaks: [{ kind: 'capability', software, implementation }, { kind: 'capability' }],
  },
  'TerminologyCapabilities.tcp-5': {
    type: 'TerminologyCapabilities',
    keeps: [{ kind: 'requirements' }, { kind: 'instance', implementation, software }],
    breaks: [
      { kind: 'requirements', implementation },
      { kind: 'requirements', software },
    ],
  },
  'ValueSet.vsd-1': {
    type: 'ValueSet.compose.include',
    keeps: [{ system: 'http://loinc.org' }, { valueSet: ['https://example.org/set'] }],
    breaks: [{ version: '1' }],
  },
  'ValueSet.vsd-2': {
    type: 'ValueSet.compose.include',
    keeps: [
      { system: 'http://loinc.org', concept: [{ code: '1-1' }] },
      { system: 'http://loinc.org', filter: [filter] },
      { valueSet: ['https://example.org/set'] },
    ],
    breaks: [{ concept: [{ code: '1-1' }] }, { valueSet: ['https://example.org/set'], filter: [filter] }],
  },
  'ValueSet.vsd-3': {
    type: 'ValueSet.compose.include',
    keeps: [{ concept: [{ code: '1-1' }] }, { filter: [filter] }],
    breaks: [{ concept: [{ code: '1-1' }], filter: [filter] }],
  },
  'ValueSet.vsd-6': {
    type: 'ValueSet.expansion.contains',
    keeps: [{ code: 'a' }, { display: 'A' }],
    breaks: [{ system: 'http://loinc.org' }],
  },
  'ValueSet.vsd-9': {
    type: 'ValueSet.expansion.contains',
    keeps: [
      { code: 'a', abstract: false },
      { display: 'Group', abstract: true },
    ],
    breaks: [{ display: 'A', abstract: false }],
  },
  'ValueSet.vsd-10': {
    type: 'ValueSet.expansion.contains',
    keeps: [{ code: 'a', system: 'http://loinc.org' }, { display: 'Group' }],
    breaks: [{ code: 'a' }],
  },
};
