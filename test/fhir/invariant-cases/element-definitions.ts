// Cases of the constraints of element definitions. https://hl7.org/fhir/R4/elementdefinition.html
import { type InvariantCases, type Json, profile } from './values.ts';

const binding = { strength: 'required', valueSet: 'https://example.org/set' };
const twoTypes = [{ code: 'code' }, { code: 'string' }];
const constraint = (key: string): Json => ({ key, severity: 'error', human: 'A rule' });
/** The longest name of an element. */
const longName = 'a'.repeat(64);

export const ELEMENT_DEFINITION_CASES: InvariantCases = {
  'ElementDefinition.eld-1': {
    type: 'ElementDefinition.slicing',
    keeps: [{ discriminator: [{ type: 'value', path: 'url' }] }, { description: 'By url' }],
    breaks: [{ rules: 'open' }],
  },
  'ElementDefinition.eld-2': {
    type: 'ElementDefinition',
    keeps: [{ min: 0, max: '1' }, { min: 2, max: '2' }, { min: 9, max: '10' }, { min: 5, max: '*' }, { min: 1 }, { max: '1' }],
    breaks: [
      { min: 2, max: '1' },
      { min: 10, max: '9' },
    ],
  },
  'ElementDefinition.eld-3': { type: 'string', keeps: ['*', '0', '17'], breaks: ['-1'] },
  'ElementDefinition.eld-4': {
    type: 'ElementDefinition.type',
    keeps: [{ code: 'Reference', aggregation: ['contained'] }, { code: 'canonical', aggregation: ['bundled'] }, { code: 'string' }],
    breaks: [{ code: 'string', aggregation: ['contained'] }],
  },
  'ElementDefinition.eld-5': {
    type: 'ElementDefinition',
    keeps: [{ contentReference: '#Questionnaire.item' }, { type: [{ code: 'string' }], maxLength: 5 }],
    breaks: [
      { type: [{ code: 'string' }] },
      { defaultValueString: 'a' },
      { fixedCode: 'a' },
      { patternCode: 'a' },
      { example: [{ label: 'One', valueString: 'a' }] },
      { minValueInteger: 1 },
      { maxValueInteger: 9 },
      { maxLength: 5 },
      { binding },
    ].map((own) => ({ contentReference: '#Questionnaire.item', ...own })),
  },
  'ElementDefinition.eld-6': {
    type: 'ElementDefinition',
    keeps: [{ fixedCode: 'a', type: [{ code: 'code' }] }, { fixedCode: 'a' }, { type: twoTypes }],
    breaks: [{ fixedCode: 'a', type: twoTypes }],
  },
  'ElementDefinition.eld-7': {
    type: 'ElementDefinition',
    keeps: [{ patternCode: 'a', type: [{ code: 'code' }] }, { patternCode: 'a' }, { type: twoTypes }],
    breaks: [{ patternCode: 'a', type: twoTypes }],
  },
  'ElementDefinition.eld-8': {
    type: 'ElementDefinition',
    keeps: [{ patternCode: 'a' }, { fixedCode: 'a' }, { path: 'Patient' }],
    breaks: [{ patternCode: 'a', fixedCode: 'a' }],
  },
  'ElementDefinition.eld-11': {
    type: 'ElementDefinition',
    keeps: [
      ...['code', 'Coding', 'CodeableConcept', 'Quantity', 'string', 'uri'].map((code) => ({ binding, type: [{ code }] })),
      { binding, type: [{ code: 'boolean' }, { code: 'code' }] },
      { binding, type: [{ code: 'https://example.org/type' }] },
      { binding },
      { type: [{ code: 'boolean' }] },
    ],
    breaks: [
      { binding, type: [{ code: 'boolean' }] },
      { binding, type: [{ code: 'Period' }, { code: 'date' }] },
    ],
  },
  'ElementDefinition.eld-12': {
    type: 'ElementDefinition.binding',
    keeps: [
      ...['http://example.org/set', 'https://example.org/set', 'urn:oid:1.2.3'].map((valueSet) => ({ strength: 'required', valueSet })),
      { strength: 'required' },
    ],
    breaks: [{ strength: 'required', valueSet: 'ValueSet/1' }],
  },
  'ElementDefinition.eld-13': {
    type: 'ElementDefinition',
    keeps: [{ type: twoTypes }, { path: 'Patient' }],
    breaks: [{ type: [{ code: 'code' }, { code: 'code' }] }],
  },
  'ElementDefinition.eld-14': {
    type: 'ElementDefinition',
    keeps: [{ constraint: [constraint('a-1'), constraint('a-2')] }, { path: 'Patient' }],
    breaks: [{ constraint: [constraint('a-1'), constraint('a-1')] }],
  },
  'ElementDefinition.eld-15': {
    type: 'ElementDefinition',
    keeps: [{ defaultValueString: 'a' }, { meaningWhenMissing: 'nothing' }, { path: 'Patient' }],
    breaks: [{ defaultValueString: 'a', meaningWhenMissing: 'nothing' }],
  },
  'ElementDefinition.eld-16': {
    type: 'ElementDefinition',
    keeps: [...['Slice1', 'a/b-c', 'a_b', 'value[x]', '@main'].map((sliceName) => ({ sliceName })), { path: 'Patient' }],
    breaks: ['two words', 'a.b', 'a:b', 'a\\b'].map((sliceName) => ({ sliceName })),
  },
  'ElementDefinition.eld-17': {
    type: 'ElementDefinition.type',
    keeps: [{ code: 'Reference', targetProfile: [profile] }, { code: 'canonical', targetProfile: [profile] }, { code: 'string' }],
    breaks: [{ code: 'string', targetProfile: [profile] }],
  },
  'ElementDefinition.eld-18': {
    type: 'ElementDefinition',
    keeps: [{ isModifier: true, isModifierReason: 'It negates' }, { isModifier: false }, { path: 'Patient' }],
    breaks: [{ isModifier: true }],
  },
  'ElementDefinition.eld-19': {
    type: 'ElementDefinition',
    keeps: ['Patient', 'Patient.contact.name', 'Extension.value[x]', 'Observation.value[x].code', 'Patient.extension:race', longName].map(
      (path) => ({
        path,
      }),
    ),
    breaks: ['Two words', 'Patient.', '.name', 'Patient..name', "Patient.o'clock", 'Patient.a/b', 'Patient.a(b)', `${longName}a`].map(
      (path) => ({
        path,
      }),
    ),
  },
  'ElementDefinition.eld-22': {
    type: 'ElementDefinition',
    keeps: [{ sliceIsConstraining: true, sliceName: 'a' }, { sliceName: 'a' }, { path: 'Patient' }],
    breaks: [{ sliceIsConstraining: true }],
  },
  'StructureDefinition.sdf-10': {
    type: 'ElementDefinition',
    keeps: [{ binding }, { binding: { strength: 'required', description: 'Any colour' } }, { path: 'Patient' }],
    breaks: [{ binding: { strength: 'required' } }],
  },
};
