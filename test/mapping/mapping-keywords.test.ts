// Mistakes in the keywords of a mapping are reported in terms of the mapping language, with the remedy.
import { copies } from './copied-mappings.ts';

const PATIENT = 'loop/patient.yaml';
const PHONE = "{ fhir: telecom.where(system='phone').value }";
const BESIDE =
  'id, brand_id, first_name, last_name, date_of_birth, gender, email, phone, external_ids, status, metadata, age_verified_at, ' +
  'ruo_pathway_acknowledged_at, researcher_acknowledgement_id, prescription_status, prescription_consult_completed_at, created_at, updated_at';
const AGE = 'loop/age-verification.yaml';
const ACK = 'loop/researcher-acknowledgement.yaml';

const { copyOne, loading, copied, expectRefusal } = copies();

test.each<[what: string, file: string, change: [string, string], message: string]>([
  [
    'two places of a field',
    PATIENT,
    ['{ fhir: birthDate,', '{ fhir: birthDate, at: name,'],
    'fields.date_of_birth: needs exactly one place',
  ],
  [
    'a text where a list stands',
    PATIENT,
    ['interactions: [', 'interactions: create # ['],
    'interactions: create is not allowed here; write a list of',
  ],
  [
    'no interactions',
    PATIENT,
    ['interactions: [', 'interactions: [] # ['],
    'interactions: an empty list is not allowed here; write a list of create, read,',
  ],
  [
    'a word of no list',
    PATIENT,
    ['format: date, past', 'format: dat, past'],
    'fields.date_of_birth.format: dat is not an allowed value (did you mean date?); write date, ',
  ],
  [
    'a path with a slash at its end',
    PATIENT,
    ['path: /v1/patients', 'path: /v1/patients/'],
    'path: /v1/patients/ is not allowed here; write a path like /patients',
  ],
  [
    'a pattern that is none',
    PATIENT,
    ['{ fhir: birthDate, format: date,', "{ fhir: birthDate, pattern: '[',"],
    'fields.date_of_birth.pattern: [ is not allowed here; write a regular expression',
  ],
  [
    'a pattern that nobody could read',
    PATIENT,
    ["telecom.where(system='phone').value", "telecom.where(system='phone').value, pattern: '^a'"],
    'fields.phone: pattern: error texts do not show the regular expression: describe it with patternMeans:',
  ],
  [
    'words for no pattern',
    PATIENT,
    ['{ fhir: birthDate, format: date,', '{ fhir: birthDate, patternMeans: ten digits, format: date,'],
    'fields.date_of_birth: patternMeans: there is no pattern: leave it out, or write one',
  ],
  [
    'a member by its number',
    PATIENT,
    ['fhir: name.first().family', "fhir: 'name[1].family'"],
    'name[1] is not in the mapping subset of FHIRPath: write name.skip(1).first()',
  ],
  [
    'a code that FHIR does not have',
    PATIENT,
    ["telecom.where(system='phone').value", "telecom.where(system='phonee').value"],
    'phonee is not a code that FHIR allows here (did you mean phone?); there are phone, fax, ',
  ],
  [
    'a word for a code that FHIR does not have',
    PATIENT,
    ['otherwise: unknown', 'otherwise: unknwn'],
    'fields.gender: unknwn is not a code that FHIR allows here (did you mean unknown?); there are male, female, other, unknown',
  ],
  ['a codec that is not closed', PATIENT, ['format: date, past', 'as: date(MM/DD/YYYY, past'], 'a bracket is not closed'],
  [
    'a format beside a pattern',
    PATIENT,
    ['format: date, past', 'as: date(MM/DD/YYYY), format: date, past'],
    'fields.date_of_birth: as: already has the format in its pattern: remove format:',
  ],
  [
    'a standard value of another type',
    PATIENT,
    ['fhir: birthDate, format: date', 'fhir: birthDate, default: 3, format: date'],
    'fields.date_of_birth: default: 3 is not a string: write a value of this field',
  ],
  [
    'a reference to nothing',
    PATIENT,
    ['fhir: birthDate, format: date', 'fhir: generalPractitioner.first().reference, as: reference'],
    'name the type of the target: reference(Patient)',
  ],
  [
    'a filter by ids of a type that is not served',
    PATIENT,
    ['search:', 'search:\n  gp: { fhir: "general-practitioner={}", id: Practitoner }'],
    'search.gp.id: Practitoner is not served (did you mean Practitioner?)',
  ],
  [
    'an alias that is mistyped in a search',
    PATIENT,
    ['search:', 'search:\n  gp: "identifier=%ndi|{}"'],
    '%ndi is not an alias of surface.yaml (did you mean npi?)',
  ],
  [
    'what is about me and is no Patient',
    'loop/provider.yaml',
    ['interactions: [create]', 'for: person\nitem: me\ninteractions: [update]'],
    'item: me is the Patient of the key: write resource: Patient, or remove item',
  ],
  [
    'a list of what is about me',
    AGE,
    ['interactions: [perform]\nanswers: patient', 'interactions: [perform, search]'],
    'interactions: an item that is me can be read, changed and performed on, but not created or listed',
  ],
  [
    'an age of a name',
    AGE,
    ['fhir: birthDate, format: date', 'fhir: name.first().text'],
    'fields.date_of_birth: atLeastYears: needs a field that is a date',
  ],
  [
    'a time that nobody knows',
    AGE,
    ["default: '%now'", "default: '%newId'"],
    'fields.age_verified_at: default: there is no %newId here; there are %now',
  ],
  ['a form that there is not', AGE, ['answers: patient', 'answers: pateint'], 'answers: there is no shape pateint'],
  [
    'a form beside a read',
    AGE,
    ['interactions: [perform]', 'interactions: [perform, update]'],
    'answers: answers: is for perform only: remove it',
  ],
  [
    'what is performed, and nobody knows what that is',
    AGE,
    ['summary: { perform', 'says: { duplicate'],
    'summary: an action has no name of its own: write summary: { perform: Say when you were born }',
  ],
  [
    'the name of what is not offered',
    PATIENT,
    ['interactions:', 'summary: { update: Change one }\ninteractions:'],
    'summary: update is not offered: leave it out, or add it to interactions',
  ],
  [
    'a caller who is listed',
    ACK,
    ['interactions: [create]', 'interactions: [create, search]'],
    'interactions: where a field takes the caller (%me) only create is allowed',
  ],
  [
    'the person of a key, where keys stand for no person',
    ACK,
    ['for: person\n', ''],
    "fields.patient_id: default: '%me' needs a key that is restricted to a patient: write for: person above the fields",
  ],
  [
    'an item that is me, where keys stand for no person',
    AGE,
    ['for: person\n', ''],
    'item: me is the patient of the key: write for: person above the fields',
  ],
  [
    'what only persons open, and is about none',
    PATIENT,
    ['interactions:', 'for: person\ninteractions:'],
    "for: nothing refers to the patient of the key: write item: me, or default: '%me' for a field that is",
  ],
  ['a door for somebody else', AGE, ['for: person', 'for: physician'], 'for: physician is not allowed here; write person'],
  [
    'an id told to a field that there is not',
    ACK,
    ['field: researcher_acknowledgement_id', 'field: researcher_acknowledgment_id'],
    'tells.field: there is no field researcher_acknowledgment_id in it (did you mean researcher_acknowledgement_id?)',
  ],
  ['an id told to a shape that there is not', ACK, ['shape: patient,', 'shape: person,'], 'tells.shape: there is no shape person'],
  [
    'a caller who is no Patient',
    ACK,
    ['as: reference(Patient), readOnly: true', 'readOnly: true'],
    "fields.patient_id: default: '%me' is a Patient: the field needs as: reference(Patient)",
  ],
  [
    'a caller of what goes into another resource',
    ACK,
    ['createStatus: 200', 'createStatus: 200\ninto: _id={id}'],
    'into: where a field takes the caller (%me) one request creates one complete item: remove this',
  ],
  [
    'a person whom nothing takes',
    PATIENT,
    ['search:', 'also:\n  - { fhir: generalPractitioner.first().reference, value: Patient/%patient }\nsearch:'],
    "also: %patient needs a field that takes the caller (default: '%me')",
  ],
  [
    'an id told by what takes no caller',
    PATIENT,
    ['search:', 'tells: { shape: patient, field: status }\nsearch:'],
    "tells: needs a create with a field whose default is '%me'",
  ],
  [
    'a status of what makes nothing',
    AGE,
    ['answers: patient', 'answers: patient\ncreateStatus: 200'],
    'createStatus: it is for a create: leave it out',
  ],
  [
    'an ignored parameter of a read that is not offered',
    AGE,
    ['answers: patient', 'answers: patient\nignores: { _include: The response has it all. }'],
    'ignores: it is for a read: leave it out',
  ],
  ['a page that is more than may be asked for', 'jump/surface.yaml', ['default: ', 'default: 9'], 'page.default: 9'],
  [
    'pages by number and by offset',
    'jump/surface.yaml',
    ['offset: offset,', 'offset: offset, number: page,'],
    'page.number: pages are found by their number or by an offset (offset): write one of them',
  ],
  [
    'one name for the number and the size of a page',
    'jump/surface.yaml',
    ['offset: offset,', 'number: limit,'],
    'page.number: limit is the name of size: too: write another name',
  ],
  [
    'a limit without its parts',
    'jump/surface.yaml',
    ['rateLimit:', 'rateLimit: 100 #'],
    'rateLimit: 100 is not allowed here; write null, or an object with limit, seconds',
  ],
])('%s', (_what, file, change, error) => {
  for (const name of [file, PATIENT]) copyOne(name);
  expectRefusal(file, change, error);
});

test.each<[what: string, change: [string, string], message: string]>([
  [
    'a name that nobody gave',
    [PHONE, "{ fhir: '%foo.value' }"],
    'fields.phone: %foo is neither an alias nor a variable; a path may begin with %created, %defaultBrand; let: gives a path a name, systems: of surface.yaml a text',
  ],
  [
    'a field beside it that is not there',
    [PHONE, PHONE.replace(' }', ', needs: nope }')],
    `fields.phone: there is no field nope in the same object; there are ${BESIDE}`,
  ],
  [
    'another form that is not there',
    [PHONE, PHONE.replace(' }', ', instead: nope }')],
    `fields.phone.instead: there is no field nope; there are ${BESIDE}`,
  ],
  ['a value that is there of no item', ['fields:', 'belongs: [nope]\nfields:'], `belongs: no field nope is shown; there are ${BESIDE}`],
  [
    'no words at all',
    [PHONE, PHONE.replace(' }', ', enum: [] }')],
    'fields.phone.enum: an empty list is not allowed here; write a list whose members are each a text',
  ],
  ['a word that stands twice', [PHONE, PHONE.replace(' }', ', enum: [a, a] }')], 'fields.phone.enum: a occurs twice: remove one'],
  [
    'a table without a word',
    [PHONE, PHONE.replace(' }', ', codes: {} }')],
    'fields.phone.codes: an empty object is not allowed here; write name: value, each value a text or true or false',
  ],
  [
    'one member of what does not repeat',
    [PHONE, '{ fhir: name.first().family.first() }'],
    'fields.phone: it cannot be written: family does not repeat: remove first() and where(…) after it, or make the field readOnly',
  ],
  [
    'a condition that writing cannot meet',
    [PHONE, '{ fhir: contact.where(relationship.coding.exists()).name.text }'],
    "fields.phone: it cannot be written: the condition on contact cannot be made true by writing: write where(path = 'value'), or make the field readOnly",
  ],
  [
    'a member by what is no number',
    [PHONE, '{ fhir: telecom.skip(two).first().value }'],
    'fields.phone: skip(two) needs a whole number: write skip(1).first() for the second one',
  ],
  [
    'a text without quotes',
    [PHONE, '{ fhir: telecom.where(system=phone).value }'],
    "fields.phone: phone is neither a 'literal' nor true, false or a %name: write a text in quotes, 'phone'",
  ],
  [
    'an e-mail format on a boolean field',
    [PHONE, '{ fhir: deceased.ofType(boolean), type: boolean, format: email }'],
    'fields.phone: format: is for texts, and the field shows a boolean: leave it out',
  ],
  [
    'a field without its colon',
    ['  phone:', '  phone '],
    'fields.phone          { fhir: a colon is missing after phone: write phone: and then its value',
  ],
  [
    'a word without its colon',
    ['resource: Patient', 'resource Patient'],
    'Implicit keys need to be on a single line: write a colon and a space after the name, and then its value',
  ],
  [
    'a field in the column of words',
    ['  phone:', 'phone:'],
    'All mapping items must start at the same column: indent all names of one level equally, and close each { and [',
  ],
  [
    'a quote that is not closed',
    [PHONE, "{ fhir: 'telecom }"],
    "Missing closing 'quote: write the quote, bracket, comma or colon that is missing here or above",
  ],
  [
    'a name without quotes',
    [PHONE, '{ fhir: %created, readOnly: true }'],
    "Plain value cannot start with directive indicator character %: write it in quotes: '%alias|code'",
  ],
])('%s is reported with the complete text', (_what, change, error) => {
  copyOne(PATIENT);
  const [head, ...faults] = loading(PATIENT, change).split('\n  ');
  expect([head, ...faults.map((fault) => fault.replace(copied(PATIENT), '').replace(/^:\d+ /, ''))]).toEqual([
    'the mappings cannot be used:',
    error,
  ]);
});

test('two exchanged letters count as one mistake', () => {
  copyOne(PATIENT);
  expect(loading(PATIENT, ['sort:', 'srot:'])).toContain(' srot: there is no keyword srot here (did you mean sort?); there are ');
});
