// `prefer:`, the order of uses: allowed values, the selected elements, and the fields that it excludes.
import { compilePath } from '../../src/fhir/writable-path/path.ts';
import { copies } from './copied-mappings.ts';

const { copyOne, loading } = copies();
const PATIENT = 'clinik/patient.yaml';
const PREFER = 'interactions: [create, read, search, update, delete]';
const stating = (text: string): [string, string] => [PREFER, `${PREFER}\nprefer: ${text}`];

test.each<[what: string, file: string, change: [string, string], message: string]>([
  ['another type', PATIENT, stating('{ Adress: [home] }'), 'prefer.Adress: prefer: is for HumanName, ContactPoint, Address, Identifier'],
  [
    'a type that no path chooses among',
    PATIENT,
    stating('{ Identifier: [usual] }'),
    'prefer.Identifier: no path chooses among several of type',
  ],
  ['a use that FHIR does not have', PATIENT, stating('{ Address: [house] }'), 'prefer.Address: '],
  ['old elements', PATIENT, stating('{ HumanName: [official, old] }'), 'prefer.HumanName: old elements are never shown: leave old out'],
  ['one use twice', PATIENT, stating('{ HumanName: [official, official] }'), 'prefer.HumanName: '],
  [
    'a field that writes what decides',
    PATIENT,
    ['gender:  ', "phoneUse: { fhir: telecom.where(system='phone').use }\n  gender:  "],
    'fields.phoneUse: ',
  ],
])('a mapping is refused that states %s', (_what, file, change, error) => {
  copyOne(file);
  expect(loading(file, change)).toContain(error);
});

const path = (text: string) => compilePath(text, { type: 'Patient', usePreference: {} });
const NOW = { now: '2026-03-01T12:00:00.000Z' };
const ENDED = { period: { end: '2015' } };

test('a condition on use replaces the order of uses, and skips elements that have ended unless it asks for old ones', () => {
  const telecom = [
    { system: 'phone', use: 'mobile', value: '1', ...ENDED },
    { system: 'phone', use: 'mobile', value: '2' },
    { system: 'phone', use: 'old', value: '3', ...ENDED },
  ];
  expect(path("telecom.where(system='phone' and use='mobile').value").get({ telecom }, NOW)).toEqual(['2']);
  expect(path("telecom.where(use='old').value").get({ telecom }, NOW)).toEqual(['3']);
});

test('a removal applies to all current elements, at any position, and to no others', () => {
  const ended = { system: 'phone', value: '1', ...ENDED };
  const email = { system: 'email', value: '5' };
  const telecom = [{ system: 'phone', use: 'work', value: '4' }, ended, { system: 'phone', use: 'home', value: '2' }, email];
  expect(path("telecom.where(system='phone').value").put({ telecom }, [], NOW)).toEqual({ telecom: [ended, email] });
});

test('without a current time, periods are ignored', () => {
  expect(path('name.first().family').get({ name: [{ family: 'A', ...ENDED }] })).toEqual(['A']);
});
