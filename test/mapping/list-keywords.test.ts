// Mistakes in lists, path parameters and joined resources of a mapping are reported in terms of the mapping language.
import { copies } from './copied-mappings.ts';

const PATIENT = 'loop/patient.yaml';

const { copyOne, expectRefusal } = copies();

test.each<[what: string, file: string, change: [string, string], message: string]>([
  [
    'a value that no list has, in an envelope of its own',
    PATIENT,
    ['fields:', 'envelope: { list: { patients: $items, brand: $brand } }\nfields:'],
    'envelope.list: there is no $brand here; there are ',
  ],
  [
    'items below another that are read by an id',
    PATIENT,
    ['path: /v1/patients', 'path: /v1/brands/{brand_id}/patients'],
    'path: items below another ({brand_id}) can be created and listed, but not read or changed by an id: leave read out',
  ],
  [
    'a name in the path that leads nowhere',
    'loop/provider.yaml',
    ['path: /v1/providers', 'path: /v1/brands/{brandid}/providers'],
    'path: the path names it, and there is no field brandid (did you mean brand_id?); there are id, brand_id, name, ',
  ],
  [
    'a list taken where none is offered',
    'loop/provider.yaml',
    ['interactions: [create]', 'interactions: [create]\ntake: all'],
    'take: no list is offered: add search to interactions, or leave take out',
  ],
  [
    'how many all are, of a page',
    PATIENT,
    ['interactions:', 'most: 500\ninteractions:'],
    'most: it limits take: all: write take: all, or remove most',
  ],
  [
    'more at once than any answer holds',
    'loop/red-flag.yaml',
    ['take: all', 'take: all\nmost: 1000000'],
    'most: 1000000 is not allowed here; write a whole number from 1 to 10000',
  ],
  [
    'a value that must lead to something, and is no id',
    PATIENT,
    ['search:', 'search:\n  gp: { fhir: "general-practitioner={}", missing: not-found }'],
    'search.gp.missing: it needs an id: write the type of the id (id: Patient)',
  ],
  [
    'a span from a parameter that is not there',
    PATIENT,
    ['search:', 'search:\n  born: { fhir: "birthdate={}", as: date, span: { from: brandid, days: 3 } }'],
    'search.born.span: there is no search parameter brandid (did you mean brand_id?)',
  ],
  [
    'a span from what is no day',
    PATIENT,
    ['search:', 'search:\n  born: { fhir: "birthdate={}", as: date, span: { from: brand_id, days: 3 } }'],
    'search.born.span: it compares two days: both need as: date(YYYY-MM-DD)',
  ],
  [
    'a time by a name that is none',
    PATIENT,
    ['sort:', 'only: "_lastUpdated=gt{today}"\nsort:'],
    'only: {today} is not a time: write {now}, or {in30days}',
  ],
  [
    'a field that a client may write, by what a list is asked for',
    PATIENT,
    ["telecom.where(system='phone').value", "telecom.where(system='phone' and use=%brand_id).value"],
    'fields.phone: it shows a parameter of the list (%brand_id): it must be readOnly',
  ],
  [
    'a join by what is no reference',
    'jump/availability.yaml',
    ['to: schedule.reference', 'to: schedule.display'],
    'with.schedule: the path schedule.display of "to" must end in .reference',
  ],
  [
    'a join by one that comes after it',
    'jump/availability.yaml',
    ["role:      { to: '%schedule.actor.reference'", "role:      { to: '%clinician.qualification.issuer.reference'"],
    'with.role: to: %clinician is not a join above this one: write that join first',
  ],
  [
    'a join of a type that is not served',
    'jump/location.yaml',
    ['fields:', 'with: { owner: { to: managingOrganization.reference, resource: Organisation } }\nfields:'],
    'with.owner: Organisation is not served (did you mean Organization?)',
  ],
])('%s', (_what, file, change, error) => {
  for (const name of [file, PATIENT]) copyOne(name);
  expectRefusal(file, change, error);
});
