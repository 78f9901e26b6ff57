// Cases of the constraints of structure definitions. https://hl7.org/fhir/R4/structuredefinition.html
import { type InvariantCases, type Json, profile } from './values.ts';

const HL7 = 'http://hl7.org/fhir/StructureDefinition/Patient';
const SYSTEM_STRING = 'http://hl7.org/fhirpath/System.String';
const context = { type: 'element', expression: 'Patient' };
const slicing = { rules: 'open', description: 'By url' };
const labels = { label: 'Label', code: [{ code: 'a' }], requirements: 'Needed' };
/** An element of a snapshot with all that a snapshot needs. */
const whole = { path: 'A.b', definition: 'Words', min: 0, max: '1', base: { path: 'A.b', min: 0, max: '1' } };
const without = (element: Json, name: string): Json => Object.fromEntries(Object.entries(element).filter(([key]) => key !== name));
const elements = (...paths: string[]): Json => ({ element: paths.map((path) => ({ path })) });
const identified = (...ids: string[]): Json => ({ element: ids.map((id) => ({ id, path: 'A.b' })) });
const typed = (path: string): Json => ({ path, type: [{ code: 'string' }] });
const withTypes = (...codes: string[]): Json => ({ element: [{ path: 'A.b', type: codes.map((code) => ({ code })) }] });
const withDefault = { element: [{ path: 'A.b', defaultValueString: 'a' }] };
const sliced = (path: string): Json => ({ element: [{ path, sliceName: 'a' }] });
const definition = (own: Json): Json => ({ resourceType: 'StructureDefinition', ...own });

export const STRUCTURE_DEFINITION_CASES: InvariantCases = {
  'StructureDefinition.sdf-1': {
    type: 'StructureDefinition',
    keeps: [
      { derivation: 'specialization', snapshot: elements('A', 'A.b', 'A.c') },
      { derivation: 'constraint', snapshot: elements('A', 'A.b', 'A.b') },
      { derivation: 'specialization' },
    ],
    breaks: [{ derivation: 'specialization', snapshot: elements('A', 'A.b', 'A.b') }],
  },
  'StructureDefinition.sdf-2': {
    type: 'StructureDefinition.mapping',
    keeps: [
      { identity: 'a', name: 'A' },
      { identity: 'a', uri: 'https://example.org' },
    ],
    breaks: [{ identity: 'a' }],
  },
  'StructureDefinition.sdf-3': {
    type: 'StructureDefinition.snapshot',
    keeps: [{ element: [whole, whole] }],
    breaks: ['definition', 'min', 'max'].map((name) => ({ element: [whole, without(whole, name)] })),
  },
  'StructureDefinition.sdf-4': {
    type: 'StructureDefinition',
    keeps: [{ abstract: true }, { abstract: false, baseDefinition: profile }],
    breaks: [{ abstract: false }],
  },
  'StructureDefinition.sdf-5': {
    type: 'StructureDefinition',
    keeps: [
      { type: 'Extension', derivation: 'constraint', context: [context] },
      { type: 'Extension', derivation: 'specialization' },
      { type: 'Patient', derivation: 'constraint' },
    ],
    breaks: [{ type: 'Extension', derivation: 'constraint' }],
  },
  'StructureDefinition.sdf-6': {
    type: 'StructureDefinition',
    keeps: [{ snapshot: elements('A') }, { differential: elements('A') }],
    breaks: [{ type: 'Patient' }],
  },
  'StructureDefinition.sdf-8': {
    type: 'StructureDefinition.snapshot',
    root: definition({ kind: 'resource', type: 'Patient', snapshot: elements('Patient') }),
    keeps: [elements('Patient', 'Patient.name', 'Patient.contact.name'), elements('Patient')],
    breaks: [elements('Person', 'Patient.name'), elements('Patient', 'Person.name'), elements('Patient', 'Patients.name')],
  },
  'StructureDefinition.sdf-8a': {
    type: 'StructureDefinition.differential',
    root: definition({ kind: 'resource', type: 'Patient', differential: elements('Patient.name') }),
    keeps: [elements('Patient', 'Patient.name'), elements('Patient.name', 'Patient.contact'), elements('Patient.contact')],
    breaks: [elements('Person', 'Patient.name'), elements('Patient', 'Person.name'), elements('Patient', 'Patients.name')],
  },
  'StructureDefinition.sdf-8b': {
    type: 'StructureDefinition.snapshot',
    keeps: [{ element: [whole, whole] }],
    breaks: [{ element: [whole, without(whole, 'base')] }],
  },
  'StructureDefinition.sdf-9': {
    type: 'StructureDefinition',
    keeps: [
      { snapshot: { element: [{ path: 'A' }, { path: 'A.b', ...labels }] } },
      { differential: { element: [{ path: 'A.b', ...labels }] } },
    ],
    breaks: Object.entries(labels).flatMap(([name, value]) => [
      { snapshot: { element: [{ path: 'A', [name]: value }] } },
      { differential: { element: [{ path: 'A', [name]: value }] } },
    ]),
  },
  'StructureDefinition.sdf-11': {
    type: 'StructureDefinition',
    keeps: [
      { kind: 'resource', type: 'Patient', snapshot: elements('Patient', 'Patient.name') },
      { kind: 'logical', type: 'https://example.org/a', snapshot: elements('A') },
      { kind: 'resource', type: 'Patient' },
    ],
    breaks: [{ kind: 'resource', type: 'Patient', snapshot: elements('Person', 'Patient') }],
  },
  'StructureDefinition.sdf-14': {
    type: 'StructureDefinition',
    keeps: [{ snapshot: identified('a', 'b'), differential: identified('a') }, {}],
    breaks: [
      { snapshot: elements('A'), differential: identified('a') },
      { snapshot: identified('a'), differential: elements('A') },
    ],
  },
  'StructureDefinition.sdf-15': {
    type: 'StructureDefinition',
    keeps: [
      { kind: 'resource', snapshot: { element: [{ path: 'A' }, typed('A.b')] } },
      { kind: 'logical', snapshot: { element: [typed('A')] } },
      { kind: 'resource' },
    ],
    breaks: [{ kind: 'resource', snapshot: { element: [typed('A')] } }],
  },
  'StructureDefinition.sdf-15a': {
    type: 'StructureDefinition',
    keeps: [
      { kind: 'resource', differential: { element: [{ path: 'A' }, typed('A.b')] } },
      { kind: 'resource', differential: { element: [typed('A.b')] } },
      { kind: 'logical', differential: { element: [typed('A')] } },
      { kind: 'resource' },
    ],
    breaks: [{ kind: 'resource', differential: { element: [typed('A')] } }],
  },
  'StructureDefinition.sdf-16': {
    type: 'StructureDefinition',
    keeps: [{ snapshot: identified('a', 'b') }, {}],
    breaks: [{ snapshot: identified('a', 'a') }, { snapshot: elements('A') }],
  },
  'StructureDefinition.sdf-17': {
    type: 'StructureDefinition',
    keeps: [{ differential: identified('a', 'b') }, {}],
    breaks: [{ differential: identified('a', 'a') }, { differential: elements('A') }],
  },
  'StructureDefinition.sdf-18': {
    type: 'StructureDefinition',
    keeps: [{ contextInvariant: ['true'], type: 'Extension' }, { type: 'Patient' }],
    breaks: [{ contextInvariant: ['true'], type: 'Patient' }],
  },
  'StructureDefinition.sdf-19': {
    type: 'StructureDefinition',
    keeps: [
      { url: HL7, differential: withTypes('Patient', 'string', SYSTEM_STRING), snapshot: withTypes('a.b', SYSTEM_STRING) },
      { url: 'https://example.org/a', differential: withTypes('https://example.org/b') },
      { url: HL7 },
    ],
    breaks: [
      { url: HL7, differential: withTypes('Patient', 'https://example.org/b') },
      { url: HL7, snapshot: withTypes('https://example.org/b') },
      { url: HL7, differential: withTypes('a.b') },
      { url: HL7, snapshot: withTypes(SYSTEM_STRING.toLowerCase()) },
    ],
  },
  'StructureDefinition.sdf-20': {
    type: 'StructureDefinition.differential',
    keeps: [{ element: [{ path: 'A' }, { path: 'A.b', slicing }] }],
    breaks: [{ element: [{ path: 'A', slicing }] }],
  },
  'StructureDefinition.sdf-21': {
    type: 'StructureDefinition',
    keeps: [
      { derivation: 'specialization', differential: withDefault },
      { derivation: 'constraint', differential: elements('A') },
    ],
    breaks: [{ derivation: 'constraint', differential: withDefault }],
  },
  'StructureDefinition.sdf-22': {
    type: 'StructureDefinition',
    keeps: [
      { url: HL7, snapshot: elements('A'), differential: elements('A') },
      { url: 'https://example.org/a', snapshot: withDefault, differential: withDefault },
    ],
    breaks: [
      { url: HL7, snapshot: withDefault },
      { url: HL7, differential: withDefault },
    ],
  },
  'StructureDefinition.sdf-23': {
    type: 'StructureDefinition',
    keeps: [{ snapshot: sliced('A.b'), differential: sliced('A.b') }, { snapshot: elements('A') }, {}],
    breaks: [{ snapshot: sliced('A') }, { differential: sliced('A') }, { snapshot: elements('A'), differential: sliced('A') }],
  },
};
