// The values of a field must fit its element. Mistakes are reported at the start with the remedy. Each case compares the complete text.
import { copies } from './copied-mappings.ts';

const PATIENT = 'loop/patient.yaml';
const ROLE = 'clinik/practitioner-role.yaml';
const ORDER = 'loop/lab-order.yaml';
const LINK = 'loop/patient-provider.yaml';
const CLINIK_PATIENT = 'clinik/patient.yaml';
const GP = 'generalPractitioner.where(resolve() is Practitioner).first().reference';

const { copyOne, loading, copied } = copies();

/** What is said of a change that makes one mistake: its keys and its text, without the file and the line. */
function loadErrors(file: string, change: [string, string]): string {
  copyOne(file);
  const [head, ...faults] = loading(file, change).split('\n  ');
  expect(head).toBe('the mappings cannot be used:');
  return faults.map((fault) => fault.replace(copied(file), '').replace(/^:\d+ /, '')).join('\n');
}

/** The phone of Loop's patient, written in another way. */
const phone = (field: string): [string, string] => ["{ fhir: telecom.where(system='phone').value }", field];
const VALUE = "fhir: telecom.where(system='phone').value";

test.each<[what: string, field: string, text: string]>([
  [
    'a text field on a boolean element',
    '{ fhir: deceased.ofType(boolean) }',
    'it leads to a boolean, which this field cannot show: write type: boolean, or codes: with a word for true and one for false',
  ],
  [
    'a boolean field on a text element',
    `{ ${VALUE}, type: boolean }`,
    'it leads to a string, which this field cannot show: it is a text: leave type:, as: and format: out, or write another path',
  ],
  [
    'an object that is kept as nothing',
    `{ ${VALUE}, type: object }`,
    'it leads to a string, which this field cannot show: it is a text: leave type:, as: and format: out, or write another path',
  ],
  [
    'a whole number over one with decimals',
    '{ fhir: contained.ofType(Location).position.latitude, type: integer }',
    'it leads to a decimal, which this field cannot show: write type: number',
  ],
  [
    'a time of day over a day',
    '{ fhir: deceased.ofType(dateTime), as: time }',
    'as: time is for a time of day, and this is of type dateTime: write as: instant(…) or as: date(…), or format: date-time',
  ],
  [
    'an e-mail address over a day',
    '{ fhir: deceased.ofType(dateTime), format: email }',
    'format: email is for an e-mail address, and this is of type dateTime: write as: instant(…) or as: date(…), or format: date-time',
  ],
  [
    'a day over a text',
    `{ ${VALUE}, format: date }`,
    'format: date is for a day, and this is of type string: it is a text: leave type:, as: and format: out, or write another path',
  ],
  [
    'a reference over the reference as a whole',
    '{ fhir: managingOrganization, as: reference(Organization) }',
    'as: reference(Organization) is for a reference, and this is of type Reference: write .reference after it, and as: reference(Patient)',
  ],
  [
    'a reference over a text',
    `{ ${VALUE}, as: reference(Organization) }`,
    'it does not lead to a reference: add .reference after an element of type Reference',
  ],
  [
    'a reference to a type that the element does not take',
    '{ fhir: managingOrganization.reference, as: reference(Practitioner) }',
    'a Practitioner is not allowed in Patient.managingOrganization: write as: reference(…) with Organization',
  ],
  [
    'a list of references to a type that the element does not take',
    '{ fhir: generalPractitioner, each: reference, type: "string[]", as: reference(Location) }',
    'a Location is not allowed in Patient.generalPractitioner: write as: reference(…) with Organization, Practitioner or PractitionerRole',
  ],
  [
    'words for yes and no that are neither',
    '{ fhir: deceased.ofType(boolean), codes: { dead: yes it is, alive: no } }',
    'codes: is for codes, and this is of type boolean: write type: boolean, or codes: with a word for true and one for false',
  ],
  [
    'further words for a number',
    '{ fhir: multipleBirth.ofType(integer), type: integer, synonyms: { one: first } }',
    'synonyms: and otherwise: keep a word beside a code, and multipleBirth.ofType(integer) is of type integer: write codes: or reads: alone',
  ],
  [
    'a word that shows a text, and a type that is none',
    '{ fhir: birthDate, as: date, type: boolean, readOnly: true }',
    'as: date shows a text: leave type: out',
  ],
  ['a boolean codec on a text field', '{ fhir: active, as: is, readOnly: true }', 'as: is shows a boolean: write type: boolean'],
  [
    'whether it is a code that FHIR does not have',
    '{ fhir: gender, as: is(femal), type: boolean, readOnly: true }',
    'femal is not a code that FHIR allows here (did you mean female?); there are male, female, other, unknown',
  ],
  [
    'a default that is not one of the words',
    `{ ${VALUE}, enum: [home, work], default: wrk }`,
    'default: wrk is not one of its words (did you mean work?); write one of home, work',
  ],
  [
    'a default that is not one of the words for codes',
    '{ fhir: deceased.ofType(boolean), codes: { on: true, off: false }, default: true }',
    'default: true is not a string: write a value of this field',
  ],
  [
    'a standard value that is no word of the table',
    '{ fhir: deceased.ofType(boolean), codes: { on: true, off: false }, default: maybe }',
    'default: maybe is not one of its words; write one of on, off',
  ],
  [
    'a standard value that is no day',
    '{ fhir: deceased.ofType(dateTime), as: date(MM/DD/YYYY), default: "2026-01-31" }',
    'default: 2026-01-31 must be a date of the calendar as MM/DD/YYYY',
  ],
  [
    'a standard value that is not of the format',
    `{ ${VALUE}, format: email, default: nobody }`,
    'default: nobody must be an e-mail address',
  ],
  [
    'a standard list that is a text',
    '{ fhir: contact.first().name.given, type: "string[]", default: Ada }',
    'default: "Ada" is not a list of texts: write a value of this field',
  ],
  [
    'more characters at least than at most',
    `{ ${VALUE}, minLength: 9, maxLength: 2 }`,
    'minLength: 9 is more than maxLength: 2: no value satisfies both; exchange the two',
  ],
  [
    'more members at least than at most',
    '{ fhir: contact.first().name.given, type: "string[]", minItems: 3, maxItems: 1 }',
    'minItems: 3 is more than maxItems: 1: no value satisfies both; exchange the two',
  ],
  [
    'a length limit on a boolean',
    '{ fhir: deceased.ofType(boolean), type: boolean, maxLength: 3 }',
    'maxLength: is for texts, and the field shows a boolean: leave it out',
  ],
  [
    'a number that is more at least than at most',
    '{ fhir: multipleBirth.ofType(integer), type: integer, minimum: 3, maximum: 2 }',
    'minimum: 3 is more than maximum: 2: no value satisfies both; exchange the two',
  ],
  ['a maximum of a text', `{ ${VALUE}, maximum: 3 }`, 'maximum: is for numbers, and the field shows a text: leave it out'],
  ['so many members of a text', `{ ${VALUE}, minItems: 1 }`, 'minItems: is for lists, and the field shows a text: leave it out'],
  [
    'a time that the server keeps and a client may write',
    '{ fhir: meta.lastUpdated, format: date-time }',
    'meta.lastUpdated is set by the server: the field must be readOnly',
  ],
  [
    'a field of changes alone, where nothing is changed',
    `{ ${VALUE}, onlyIn: update }`,
    'onlyIn: update is not offered, so no request can set the field: add update to interactions, or leave the field out',
  ],
])('%s is told', (_what, field, text) => {
  expect(loadErrors(PATIENT, phone(field))).toBe(`fields.phone: ${text}`);
});

test.each<[what: string, file: string, change: [string, string], text: string]>([
  [
    'a reference to a type that the element of a role does not take',
    ROLE,
    ['as: reference(Practitioner), required', 'as: reference(Location), required'],
    'fields.practitionerId: a Location is not allowed in PractitionerRole.practitioner: write as: reference(…) with Practitioner',
  ],
  [
    'a reference to one type, where others may stand before it',
    CLINIK_PATIENT,
    [GP, 'generalPractitioner.first().reference'],
    'fields.generalPractitionerId: generalPractitioner may refer to another type, which would be hidden and overwritten: write generalPractitioner.where(resolve() is Practitioner)',
  ],
  [
    'a reference to one type that is looked for among those to another',
    CLINIK_PATIENT,
    [GP, GP.replace('is Practitioner', 'is Organization')],
    'fields.generalPractitionerId: generalPractitioner is asked for references to Organization, and the field shows those to Practitioner',
  ],
  [
    'long paths that lead back to each other, and that no field uses',
    ORDER,
    ['let:', "let:\n  here: '%there.name'\n  there: '%here.contact'"],
    ['here', 'there'].map((name) => `let.${name}: no path uses it: use it in one, or remove it`).join('\n'),
  ],
  [
    'long paths of which only another that nothing uses makes use',
    ORDER,
    ['let:', "let:\n  other: '%more.family'\n  more: '%other2.name.first()'\n  other2: contained.ofType(Patient)"],
    ['other', 'more', 'other2'].map((name) => `let.${name}: no path uses it: use it in one, or remove it`).join('\n'),
  ],
  [
    'a filter that leaves its value out',
    ROLE,
    ['specialty:      "specialty-name:contains={}"', 'specialty:      "specialty-name:contains=cardio"'],
    'search.specialty: specialty-name:contains=cardio: the search does not use the value: write {} for it (specialty-name:contains={}), or words: for a table',
  ],
  [
    'a filter with the name of a parameter of paging',
    ROLE,
    ['specialty:      "specialty-name:contains={}"', 'count:          "specialty-name:contains={}"'],
    'search.count: count is a parameter of paging (page.size of surface.yaml): write another name, there or here',
  ],
  [
    'a filter by an id of a type that its search does not ask for',
    ROLE,
    ['"practitioner=Practitioner/{}", id: Practitioner', '"practitioner=Practitioner/{}", id: Location'],
    'search.practitionerId: PractitionerRole?practitioner=Practitioner/{}: practitioner has no id of a Location in it: write id: Practitioner',
  ],
  [
    'a filter by an id of a type that is never there',
    ROLE,
    ['"practitioner=Practitioner/{}", id: Practitioner', '"practitioner={}", id: Location'],
    'search.practitionerId: PractitionerRole?practitioner={}: practitioner has no id of a Location in it: write id: Practitioner',
  ],
])('%s is told', (_what, file, change, text) => {
  expect(loadErrors(file, change)).toBe(text);
});

test('a default value may be a word of the table, or any word in a read-only field', () => {
  copyOne(LINK);
  expect(loading(LINK, ['default: primary }', 'default: lab }'])).toBe('');
  copyOne(PATIENT);
  expect(
    loading(PATIENT, phone('{ fhir: maritalStatus.coding.first().code, codes: { married: M }, default: not said, readOnly: true }')),
  ).toBe('');
});
