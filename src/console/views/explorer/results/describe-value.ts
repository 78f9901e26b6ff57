// A FHIR value as a short text, recognised by its elements. https://hl7.org/fhir/R4/datatypes.html

type Members = Record<string, unknown>;

const LISTED = 3;
const LONGEST = 120;

/** The text of a value; '' if it has none. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return describeList(value);
  if (typeof value !== 'object') return shorten(String(value));
  const members = value as Members;
  for (const { has, describe } of SHAPES) if (has.some((name) => name in members)) return shorten(describe(members));
  return shorten(describeOthers(members));
}

function describeList(values: unknown[]): string {
  const texts = values.map(describeValue).filter((text) => text !== '');
  const rest = texts.length > LISTED ? ` +${texts.length - LISTED}` : '';
  return texts.slice(0, LISTED).join(', ') + rest;
}

const text = (value: Members, name: string): string => (value[name] === undefined ? '' : String(value[name]));

const describeName = (value: Members): string =>
  text(value, 'text') ||
  ['prefix', 'given', 'family', 'suffix']
    .flatMap((name) => value[name] ?? [])
    .map(String)
    .join(' ');

const describeAddress = (value: Members): string =>
  text(value, 'text') ||
  ['line', 'city', 'state', 'postalCode', 'country']
    .flatMap((name) => value[name] ?? [])
    .map(String)
    .join(', ');

const describeQuantity = (value: Members): string =>
  value.value === undefined
    ? ''
    : `${text(value, 'comparator')}${text(value, 'value')} ${text(value, 'unit') || text(value, 'code')}`.trim();

/** The first shape that a value has one of the elements of describes it. */
const SHAPES: { has: string[]; describe: (value: Members) => string }[] = [
  { has: ['reference'], describe: (value) => text(value, 'display') || text(value, 'reference') },
  { has: ['family', 'given'], describe: describeName },
  { has: ['line', 'city', 'postalCode', 'country'], describe: describeAddress },
  { has: ['coding'], describe: (value) => text(value, 'text') || describeList(value.coding as unknown[]) },
  { has: ['display', 'code', 'unit'], describe: (value) => describeQuantity(value) || text(value, 'display') || text(value, 'code') },
  { has: ['start', 'end'], describe: ({ start, end }) => `${describeValue(start)} – ${describeValue(end)}` },
  { has: ['low', 'high'], describe: ({ low, high }) => `${describeValue(low)} – ${describeValue(high)}` },
  { has: ['numerator'], describe: ({ numerator, denominator }) => `${describeValue(numerator)} / ${describeValue(denominator)}` },
  { has: ['title', 'contentType'], describe: (value) => text(value, 'title') || text(value, 'contentType') },
  { has: ['div'], describe: () => 'narrative' },
  { has: ['value'], describe: ({ value }) => describeValue(value) },
  { has: ['text'], describe: (value) => text(value, 'text') },
];

const describeOthers = (value: Members): string =>
  Object.entries(value)
    .filter(([name]) => name !== 'id' && name !== 'extension')
    .map(([name, member]) => `${name}: ${describeValue(member)}`)
    .join('; ');

const shorten = (long: string): string => (long.length > LONGEST ? `${long.slice(0, LONGEST - 1)}…` : long);

/** What people call a resource: its name, its title, what it is about. */
export function describeResource(resource: Members): string {
  for (const name of ['name', 'title', 'code', 'vaccineCode', 'medicationCodeableConcept', 'type', 'description', 'identifier']) {
    const described = describeValue(resource[name]);
    if (described !== '') return described;
  }
  return '';
}
