// A mistake in a mapping stops the start, and is reported with file, line and key. Each case is one change of a valid file.
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { copies } from './copied-mappings.ts';
import { profiles, registry } from './examples.ts';

const PATIENT = 'loop/patient.yaml';
const PHYSICIAN = 'loop/physician.yaml';
const ORDER = 'loop/lab-order.yaml';
const ROLE = 'clinik/practitioner-role.yaml';
const PROFILE = 'jump/clinician-profile.yaml';

const { copy, copyOne, loading, copied, placeOf } = copies();

test('the mappings of this project can be loaded', () => {
  for (const vendor of ['loop', 'clinik', 'jump']) copy(vendor);
  expect(loading('loop/patient.yaml', ['resource: Patient', 'resource: Patient'])).toBe('');
});

test('each mistake is reported with its file, line and keys, all mistakes at once', () => {
  for (const file of [PATIENT, ROLE]) copyOne(file);
  const message = loading('loop/patient.yaml', ['fhir: birthDate', 'fhir: birthdate']);
  const place = placeOf(PATIENT, 'fhir: birthDate');
  expect(message).toBe(
    `the mappings cannot be used:\n  ${place} fields.date_of_birth: Patient has no element birthdate (did you mean birthDate?)`,
  );
  writeFileSync(copied('clinik/practitioner-role.yaml'), 'resource: [');
  expect(loading('loop/patient.yaml', ['fhir: gender', 'fhir: sex']).split('\n')).toHaveLength(4);
});

test.each<[what: string, file: string, change: [string, string], message: string]>([
  [
    'a path inside of an object',
    ORDER,
    ['name.first().family, required', 'name.first().familly, required'],
    'fields.patient.fields.last_name: HumanName has no element familly (did you mean family?)',
  ],
  ['text that is no YAML', PATIENT, ['fields:', 'fields: [}'], 'Flow sequence'],
])('the reported line is the line of the mistake: %s', (_what, file, change, error) => {
  copyOne(file);
  expect(loading(file, change)).toContain(`${placeOf(file, change[0])} ${error}`);
});

test.each<[what: string, file: string, change: [string, string], message: string]>([
  [
    'an unknown word',
    PATIENT,
    ['readOnly: true }', 'readonly: true }'],
    'fields.id.readonly: there is no keyword readonly here (did you mean readOnly?); there are fhir, at, ',
  ],
  [
    'a field without a place',
    PATIENT,
    ['{ fhir: birthDate, format: date, past: true }', '{ format: date }'],
    'fields.date_of_birth: needs exactly one place: fhir: with a path, or at: ',
  ],
  [
    'a pattern of a day without its year',
    PATIENT,
    ['{ fhir: birthDate, format: date, past: true }', '{ fhir: birthDate, as: date(DD.MM), past: true }'],
    'fields.date_of_birth: DD.MM: a pattern of a day needs its year (YYYY)',
  ],
  [
    'an instant over a day',
    PATIENT,
    ['{ fhir: birthDate, format: date, past: true }', '{ fhir: birthDate, as: instant(YYYY-MM-DDThh:mmZ) }'],
    'is for an instant, and this is of type date: write as: date(…)',
  ],
  [
    'a filter by a pattern that is none',
    PATIENT,
    ['search:', 'search:\n  born: { fhir: "birthdate={}", as: date(MM/YYYY) }'],
    'search.born.as: MM/YYYY: a pattern of a day needs its day (DD)',
  ],
  [
    'a long path that nothing uses',
    ORDER,
    ['let:', "let:\n  other: '%other.name'"],
    'let.other: no path uses it: use it in one, or remove it',
  ],
  [
    'an outside step that nobody takes',
    ORDER,
    ['port: lab-order', 'port: lab-ordr'],
    'port: there is no external step lab-ordr (did you mean lab-order?); there are lab-order, physician',
  ],
  [
    'a filter by a code that FHIR does not have',
    'clinik/slot.yaml',
    ['free: status=free', 'free: status=fre'],
    'search.status: Slot?status=fre: fre is not a code that FHIR allows here (did you mean free?); there are busy, free, busy-unavailable',
  ],
  ['a type that is not served', PATIENT, ['resource: Patient', 'resource: AuditEvent'], 'resource: AuditEvent is not served'],
  [
    'an element of a choice by its JSON name',
    ORDER,
    ['extension(%completedAt).value.ofType(dateTime)', 'extension(%completedAt).valueDateTime'],
    'write value.ofType(dateTime)',
  ],
  [
    'a repeating element with no member chosen',
    PATIENT,
    ['fhir: name.first().family', 'fhir: name.family'],
    'fields.last_name: name repeats, and the field has one value',
  ],
  [
    'a list on a path where nothing repeats',
    ROLE,
    ['fhir: availableTime.first().daysOfWeek', 'fhir: availableTime.first().availableStartTime'],
    'fields.availableDays: the field is a list, and nothing repeats',
  ],
  [
    'an object where a value is shown',
    PATIENT,
    ["fhir: telecom.where(system='phone').value }", "fhir: telecom.where(system='phone') }"],
    'fields.phone: it leads to a ContactPoint',
  ],
  [
    'two fields on one place',
    PATIENT,
    ["telecom.where(system='phone').value", "telecom.where(system='email').value"],
    'fields.phone: it writes where email writes',
  ],
  [
    'a field above another',
    ROLE,
    ["telecom.where(system='email').value", 'code.first().coding.first().display'],
    'fields.email: it writes where role writes',
  ],
  [
    'a member of a map',
    PATIENT,
    ['fhir: birthDate, format: date', "fhir: identifier.where(use='usual').value"],
    'fields.external_ids: it writes where date_of_birth writes',
  ],
  [
    'a member chosen by number and another by condition',
    PATIENT,
    ['fhir: name.first().family', "fhir: name.where(use='official').family"],
    'fields.last_name: it writes where first_name writes',
  ],
  [
    'a condition that holds wherever another does',
    PATIENT,
    ["telecom.where(system='phone').value", "telecom.where(system='email' and use='home').value"],
    'fields.phone: it writes where email writes',
  ],
  [
    'two types of one choice',
    PATIENT,
    ["telecom.where(system='phone').value", 'extension(%metadata).value.ofType(code)'],
    'it writes where phone writes',
  ],
  [
    'a member without a field that is none',
    'clinik/practitioner.yaml',
    ['memberHas: name', 'memberHas: title'],
    'memberHas: there is no field title in its members',
  ],
  [
    'a reference that agrees with nothing',
    'loop/patient-provider.yaml',
    ['agrees: { patient_id', 'agrees: { patient'],
    'exists: agrees: there is no field patient in the same object',
  ],
  [
    'another form of what is not there',
    'clinik/service-request.yaml',
    ['instead: occurrenceDateTime', 'instead: occurrence'],
    'there is no field occurrence',
  ],
  [
    'a part of an item that is made',
    'loop/patient-safe.yaml',
    ['interactions: [read]', 'interactions: [create, read]'],
    'a part of an item can be read and changed, but not created or listed',
  ],
  [
    'a word that is asked for and written',
    'jump/location.yaml',
    ['as: is(active), type: boolean, default: true, readOnly: true', 'as: is(active), type: boolean'],
    'is(word) can only be read: the field must be readOnly',
  ],
  [
    'a second line without a first',
    ORDER,
    ['line.first(), required: true', 'line.first()'],
    'fields.address.fields.line2: line has no member 1 without one before it',
  ],
  ['two words for one code', ROLE, ['role|nurse', 'role|doctor'], 'fields.role: codes must be one to one: doctor and nurse'],
  ['a code of an unknown system', ROLE, ['role|nurse', 'nobody|nurse'], 'nobody|nurse is not a code'],
  [
    'an alias nobody defines',
    'loop/surface.yaml',
    ['CodeSystem/lab-panel', 'CodeSystem/lab-panels'],
    'systems.labPanel: nothing in fhir-profiles/ defines https://loop.health/fhir/CodeSystem/lab-panels',
  ],
  ['an alias that is no extension', ORDER, ['extension(%completedAt)', 'extension(%labPanel)'], 'is a code system, no extension'],
  [
    'an extension on another element',
    PHYSICIAN,
    ["'%licence.extension(%registeredAt)", "'extension(%registeredAt)"],
    'is not defined for Practitioner',
  ],
  [
    'an extension with another type of value',
    ORDER,
    ['value.ofType(dateTime)', 'value.ofType(date)'],
    'has values of type dateTime, not date',
  ],
  [
    'a URL in a path',
    PATIENT,
    ['meta.tag.where(system=%brand)', "meta.tag.where(system='https://loop.health/brand')"],
    'write an alias of surface.yaml',
  ],
  ['an item known by a field there is not', ORDER, ['belongs: [patient_id,', 'belongs: [patient,'], 'belongs: no field patient is shown'],
  [
    'a day that has come, of a text',
    PATIENT,
    ['value }\n  external_ids', 'value, past: true }\n  external_ids'],
    'past: needs a field that is a date',
  ],
  [
    'a name nobody knows',
    PHYSICIAN,
    ["'%number.value'", "'%numbers.value'"],
    'fields.state_license: %numbers is neither an alias nor a variable',
  ],
  ['names that lead back to themselves', PHYSICIAN, ["state:   '%where.coding", "state:   '%state.coding"], 'refer to themselves'],
  [
    'a search no parameter answers',
    ROLE,
    ['specialty-name:contains={}', 'specialities={}'],
    'search.specialty: PractitionerRole?specialities={}',
  ],
  ['a modifier no parameter has', ROLE, ['specialty-name:contains={}', 'specialty-name:near={}'], 'search.specialty'],
  ['a filter word that is no search', PROFILE, ['"active:not=false"', '"activ:not=false"'], 'search.is_active'],
  ['a sort nobody can sort by', PATIENT, ['sort: -_id', 'sort: -birth'], 'sort: Patient?_sort=-birth'],
  ['a join nobody can answer', PROFILE, ['practitioner=Practitioner/{id}', 'practicioner=Practitioner/{id}'], 'with.roles'],
  ['candidates nobody can search for', PATIENT, ['&email={email}', '&mail={email}'], 'unique.any.1.search'],
  ['a search for nobody known', PHYSICIAN, ['npi=%npi|{npi}', 'npi=%npi|{number}'], 'into: there is no field number'],
  ['a comparison that is not said', PATIENT, ['email: trimmed, ', ''], 'unique.any.1: compare: does not say how email is compared'],
  ['another spelling of nothing', ROLE, ['shares: active }', 'shares: activ }'], 'there is no field activ in the same object'],
  ['a list of objects where nothing repeats', ROLE, ['list: availableTime', 'list: period'], 'must end in the one element that repeats'],
  ['a list known by a field there is not', ROLE, ['key: description', 'key: reason'], 'key: there is no field reason in its members'],
  [
    'a list known by several fields, one of which there is not',
    ROLE,
    ['key: description', 'key: [description, reason]'],
    'key: there is no field reason in its members',
  ],
  [
    'two members on one place',
    ROLE,
    ['{ fhir: allDay, type: boolean }', '{ fhir: availableStartTime }'],
    'writes where availableTime.allDay writes',
  ],
  ['a number on a text', PATIENT, ['value }\n  external_ids', 'value, type: number }\n  external_ids'], 'it leads to a string'],
  [
    'a field of changes that is only shown',
    ROLE,
    ['onlyIn: update, omit: unset }', 'onlyIn: update, readOnly: true }'],
    'onlyIn: has no effect',
  ],
  [
    'elements of a resource that can be changed',
    PHYSICIAN,
    ['interactions: [create, read]', 'interactions: [create, read, update]'],
    'can be created and read, but not changed',
  ],
  ['an unknown codec', ROLE, ['as: time }', 'as: hour }'], 'there is no codec hour'],
  [
    'a word of its own in a field that may be missing',
    PHYSICIAN,
    ["fhir: telecom.where(system='email').value\n    required: true", "fhir: telecom.where(system='email').value"],
    'fields.email: own: needs a required field',
  ],
  ['an unknown derivation', PHYSICIAN, ['derived: { as: personName', 'derived: { as: names'], 'there is no derivation names'],
  ['a part too few', PHYSICIAN, [', suffix: name.first().suffix }', ' }'], 'suffix is missing'],
  [
    'a field a client may write and nobody can',
    PATIENT,
    ["created_at:    { fhir: '%created', readOnly: true }", "created_at:    { fhir: '%created' }"],
    'it cannot be written: %created is not part of the resource',
  ],
  [
    'a required field in no request',
    PATIENT,
    ['fhir: meta.lastUpdated, readOnly: true', 'fhir: meta.lastUpdated, required: true, readOnly: true'],
    'it cannot be required',
  ],
  ['values combined, and writable', PROFILE, ['as: joined, readOnly: true', 'as: joined'], 'when a client writes: set readOnly'],
  [
    'an existence of no reference',
    PATIENT,
    ['fhir: birthDate, format: date', 'fhir: birthDate, exists: { missing: invalid }'],
    'needs a field that is a reference',
  ],
  [
    'a field that needs none there is',
    ROLE,
    ['unlike: availableStartTime', 'needs: availableTimeStart'],
    'there is no field availableTimeStart in the same object',
  ],
  [
    'something that must stand where nothing can',
    ORDER,
    ['exists: { missing: not-found, agrees', 'exists: { missing: not-found, targetHas: name.surname, agrees'],
    'fields.patient_id.exists: HumanName has no element surname',
  ],
  ['a comparison with no field', ROLE, ['unlike: availableStartTime', 'unlike: start'], 'there is no field start in the same object'],
  ['an item without an id', ROLE, ['  id:                 { fhir: id, readOnly: true }\n', ''], 'need a field with the id: { fhir: id'],
  [
    'a kind of failure without an answer',
    'loop/surface.yaml',
    ['  throttled:        { status: 429, code: rate_limited }\n', ''],
    "errors: must have required property 'throttled': write throttled: with an object with status, code, says, body",
  ],
  ['a value no answer has', 'jump/surface.yaml', ['data: $body', 'data: $bodies'], 'envelope.item: there is no $bodies here'],
])('%s', (_what, file, change, error) => {
  copyOne(file);
  const message = loading(file, change);
  expect(message).toContain(error);
  expect(message).toContain(copied(file));
  expect(message).toMatch(/\.yaml:\d+ \w/);
});

test.each<[what: string, file: string, change: [string, string], instead: string]>([
  [
    'overlapping writes',
    PATIENT,
    ["telecom.where(system='phone').value", "telecom.where(system='email').value"],
    'separate the two with where(…), or make one of them readOnly',
  ],
  ['a code table that is not one to one', ROLE, ['role|nurse', 'role|doctor'], 'keep one here, and write the other under synonyms:'],
  ['an ambiguous selector', PATIENT, ['fhir: name.first().family', 'fhir: name.family'], 'select one, with first() or where(…)'],
  ['an element that does not exist', PATIENT, ['fhir: birthDate', 'fhir: birthdate'], '(did you mean birthDate?)'],
  ['a name that does not exist', PATIENT, ['system=%brand', 'system=%brnd'], '(did you mean brand?)'],
  ['a name for a path that does not exist', PHYSICIAN, ["'%number.value'", "'%numbr.value'"], '(did you mean number?)'],
  ['a word that does not exist', ROLE, ['as: time }', 'as: tme }'], '(did you mean time?)'],
  [
    'an alias without a definition',
    'loop/surface.yaml',
    ['CodeSystem/lab-panel', 'CodeSystem/lab-panels'],
    'did you mean https://loop.health/fhir/CodeSystem/lab-panel?',
  ],
  [
    'an alias without a definition anywhere near',
    'loop/surface.yaml',
    ['https://loop.health/fhir/CodeSystem/lab-panel', 'https://example.com/panels'],
    'define it there, or list it in third-party.yaml if another defines it',
  ],
  ['a filter no parameter answers', ROLE, ['practitioner=Practitioner/{}', 'practitionr=Practitioner/{}'], '(did you mean practitioner?)'],
  [
    'a filter no index serves',
    PATIENT,
    ['search:\n', 'search:\n  city: "address-city:contains={}"\n'],
    'leave it out to search by the beginning, or define a SearchParameter with modifier: [contains]',
  ],
  [
    'a filter no index serves, at the end of a chain',
    ROLE,
    ['"specialty-name:contains={}"', '"practitioner.family:contains={}"'],
    'no index serves :contains on this parameter',
  ],
  [
    'an object where a value is shown',
    PATIENT,
    ["fhir: telecom.where(system='phone').value }", "fhir: telecom.where(system='phone') }"],
    'go on to one of its elements (system, value,',
  ],
])('%s: the error text names what to write instead', (_what, file, change, instead) => {
  copyOne(file);
  expect(loading(file, change)).toContain(instead);
});

test('two shapes on one route are refused, unless their keys differ', () => {
  for (const file of [PATIENT, ROLE]) copyOne(file);
  cpSync(copied(PATIENT), copied('loop/person.yaml'));
  expect(loading(PATIENT, ['resource: Patient', 'resource: Patient'])).toContain(
    'path: /v1/patients is claimed by loop/patient too: write another path, or let the keys of the two surfaces differ (auth)',
  );
  rmSync(copied('loop/person.yaml'));
  cpSync(copied(ROLE), copied('clinik/patient.yaml'));
  expect(loading('clinik/patient.yaml', ['path: /v1/practitioner-roles', 'path: /v1/patients'])).toBe('');
  rmSync(copied('clinik/patient.yaml'));
});

test('a missing definition is reported', () => {
  copyOne(PATIENT);
  const without = new Map(profiles.definitions);
  without.delete('http://hl7.org/fhir/StructureDefinition/originalText');
  expect(loading(PATIENT, ['fhir: gender', 'fhir: gender'], { profiles: { ...profiles, definitions: without }, registry })).toContain(
    'fields.gender: nothing in fhir-profiles/ defines http://hl7.org/fhir/StructureDefinition/originalText',
  );
});
