// Fields may share an element only if they never select the same member. Others are refused at the start, with both fields, the position and the remedy.
import type { FieldSpec } from '../../src/mapping/spec.ts';
import { copies } from './copied-mappings.ts';
import { planted } from './planted-fields.ts';

const { copyOne, loading, placeOf } = copies();

const list = (where: string, element = 'telecom'): FieldSpec => ({ list: element, where, fields: { value: { fhir: 'value' } } });
const value = (path: string): FieldSpec => ({ fhir: path });
const references = (type: string): FieldSpec => ({
  fhir: 'generalPractitioner',
  each: 'reference',
  as: `reference(${type})`,
  type: 'string[]',
});
const map = (alias: string): FieldSpec => ({ fhir: 'identifier', as: `keyed(system, value, %${alias})`, type: 'object' });

const PAIRS: Record<string, [FieldSpec, FieldSpec]> = {
  'two values of one element': [list("system='phone'"), list("system='email'")],
  'a value, and none': [list("system='phone' and use='home'"), list("system='phone' and use.exists().not()")],
  'something below an element, and nothing there': [list('period.start.exists().not()'), list("period.start='2020'")],
  'what is no longer in use, and what is': [list("use='old'"), list("system='phone'")],
  'a value that is counted among others': [list("system='phone'"), value("telecom.where(system='email').first().value")],
  'codes of a concept': [
    list("type.coding.where(system='urn:a' and code='x').exists()", 'identifier'),
    list("type.coding.where(system='urn:a' and code='y').exists()", 'identifier'),
  ],
  'texts of references to two types': [references('Practitioner'), references('Organization')],
  'maps of two prefixes': [map('one'), map('other')],
  'a map, and a list of another system': [map('one'), list("system='urn:mrn'", 'identifier')],
};

test.each(Object.entries(PAIRS))('%s: both fields can be written', (_what, [one, other]) => {
  expect(planted('Patient', { one, other }).refused).toEqual([]);
});

const CONDITIONS =
  "it writes where one writes: one member can meet the conditions of both: ask for two values of one element, as in system='phone' and system='email', or make one of them readOnly";
const APART = 'it writes where one writes: separate the two with where(…), or make one of them readOnly';

test.each<[what: string, pair: [FieldSpec, FieldSpec], message: string]>([
  ['two elements', [list("system='phone'"), list("use='work'")], CONDITIONS],
  ['a part of the other', [list("system='phone'"), list("system='phone' and use='work'")], CONDITIONS],
  ['a list and a value by two elements', [list("system='phone'"), value("telecom.where(use='work').value")], CONDITIONS],
  [
    'an object and a list by two elements',
    [{ at: "telecom.where(use='work')", fields: { it: value('value') } }, list("system='phone'")],
    CONDITIONS.replaceAll('one writes', 'one.it writes'),
  ],
  ['a whole list beside a choice', [{ list: 'telecom', fields: { value: value('value') } }, list("system='phone'")], APART],
  ['references to types of which one is the same', [references('Practitioner'), references('Practitioner,Organization')], APART],
  ['maps of which one is in the other', [map('one'), map('inner')], APART],
])('%s: the second field is refused', (_what, [one, other], error) => {
  expect(planted('Patient', { one, other }).refused).toEqual([`fields.other: ${error}`]);
});

test('the refusal has the file, the line, both fields and the remedy', () => {
  copyOne('loop/patient.yaml');
  const work = 'work: { list: telecom, where: "use=\'work\'", fields: { value: { fhir: value } } }';
  const error = loading('loop/patient.yaml', ['\n  external_ids:', `\n  ${work}\n  external_ids:`]);
  expect(error).toContain(
    `${placeOf('loop/patient.yaml', 'external_ids:')} fields.work: it writes where email writes: one member can meet`,
  );
});

test('in the members of a list a read-only field writes nothing', () => {
  const fields = { value: value('value'), shown: { ...value('value'), readOnly: true } };
  expect(planted('Patient', { one: { list: 'telecom', fields } }).refused).toEqual([]);
});

const FIXED = 'where(…) of telecom requires one value: no other value can be written; make the field readOnly, or remove it';
const within = (use: FieldSpec): FieldSpec => ({ list: 'telecom', where: "use='home'", fields: { value: value('value'), use } });

test.each<[what: string, field: FieldSpec, refused: string[]]>([
  ['in a list', within(value('use')), [`fields.one.fields.use: ${FIXED}`]],
  ['in an object', { at: "telecom.where(use='home')", fields: { use: value('use') } }, [`fields.one.fields.use: ${FIXED}`]],
  ['alone', value("telecom.where(use='home').use"), [`fields.one: ${FIXED}`]],
  ['that is only shown', within({ ...value('use'), readOnly: true }), []],
  ['that has one word', within({ ...value('use'), codes: { HOME: 'home' } }), []],
  ['of another element', within(value('system')), []],
])('a field over an element that a condition requires is refused if it can write another value: %s', (_what, spec, refused) => {
  expect(planted('Patient', { one: spec }).refused).toEqual(refused);
});
