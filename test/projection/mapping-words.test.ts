// A mistake in the words of a mapping is told in words of the mapping language: what stands there, and what to write instead.
import { copies } from './copies.ts';

const PATIENT = 'loop/patient.yaml';

const { copyOne, loading, copied } = copies();

test.each<[what: string, file: string, change: [string, string], told: string]>([
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
    'interactions: create cannot stand here; write a list of',
  ],
  [
    'no interactions',
    PATIENT,
    ['interactions: [', 'interactions: [] # ['],
    'interactions: an empty list cannot stand here; write a list of create, read,',
  ],
  [
    'a word of no list',
    PATIENT,
    ['format: date, past', 'format: dat, past'],
    'fields.date_of_birth.format: dat is none of those that may stand here (did you mean date?); write date, ',
  ],
  [
    'a path with a slash at its end',
    PATIENT,
    ['path: /v1/patients', 'path: /v1/patients/'],
    'path: /v1/patients/ cannot stand here; write a path like /patients',
  ],
  [
    'a pattern that is none',
    PATIENT,
    ['{ fhir: birthDate, format: date,', "{ fhir: birthDate, pattern: '[',"],
    'fields.date_of_birth.pattern: [ cannot stand here; write a regular expression',
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
    'phonee is no code FHIR has here (did you mean phone?); there are phone, fax, ',
  ],
  [
    'a word for a code that FHIR does not have',
    PATIENT,
    ['otherwise: unknown', 'otherwise: unknwn'],
    'fields.gender: unknwn is no code FHIR has here (did you mean unknown?); there are male, female, other, unknown',
  ],
  ['a codec that is not closed', PATIENT, ['format: date, past', 'as: date(MM/DD/YYYY, past'], 'its bracket is not closed'],
  [
    'a format beside a pattern',
    PATIENT,
    ['format: date, past', 'as: date(MM/DD/YYYY), format: date, past'],
    'fields.date_of_birth: as: says the format by its pattern: format: is one too many',
  ],
  [
    'a standard value of another type',
    PATIENT,
    ['fhir: birthDate, format: date', 'fhir: birthDate, default: 3, format: date'],
    'fields.date_of_birth: default: 3 is no string: write a value of this field',
  ],
  [
    'a reference to nothing',
    PATIENT,
    ['fhir: birthDate, format: date', 'fhir: generalPractitioner.first().reference, as: reference'],
    'say which type it leads to: reference(Patient)',
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
  ['a page that is more than may be asked for', 'jump/surface.yaml', ['default: ', 'default: 9'], 'page.default: 9'],
  [
    'a limit without its parts',
    'jump/surface.yaml',
    ['rateLimit:', 'rateLimit: 100 #'],
    'rateLimit: 100 cannot stand here; write null, or an object with limit, seconds',
  ],
])('%s', (_what, file, change, told) => {
  copyOne(file);
  const message = loading(file, change);
  expect(message).toContain(`${copied(file)}:`);
  expect(message).toContain(told);
  expect(message.split('\n  ')).toHaveLength(2);
});
