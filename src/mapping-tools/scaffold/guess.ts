// Guesses the FHIR path of a property in a sample by its name, for the author to review. No guess is better than a wrong one.
import { findElement, isPrimitive, listElementNames } from '../../fhir/elements.ts';
import { explainUnboundCode } from '../../fhir/terminology/explain-code.ts';
import type { FieldSpec } from '../../mapping/spec.ts';

/** A field of a new mapping: its spec, and the aliases it needs. */
export interface Guess {
  spec: FieldSpec;
  aliases?: Record<string, string>;
  /** A question to the author of the mapping. */
  note?: string;
}

const PEOPLE = new Set(['Patient', 'Practitioner', 'RelatedPerson']);
const REACHABLE = new Set([...PEOPLE, 'Organization', 'Location', 'PractitionerRole', 'HealthcareService']);
const ADDRESSED = new Set(['Patient', 'Practitioner', 'RelatedPerson', 'Organization']);

interface Hint {
  /** Names, lower case without separators. */
  names: string[];
  of(resource: string): boolean;
  guess(value: unknown): Guess | undefined;
}

const always = (): boolean => true;
const isPerson = (resource: string): boolean => PEOPLE.has(resource);
const isReachable = (resource: string): boolean => REACHABLE.has(resource);
const at =
  (fhir: string, more: FieldSpec = {}) =>
  (): Guess => ({ spec: { fhir, ...more } });
const text =
  (fhir: string, more: FieldSpec = {}) =>
  (value: unknown): Guess | undefined =>
    typeof value === 'string' ? { spec: { fhir, ...more } } : undefined;

const HINTS: Hint[] = [
  { names: ['id', 'uuid'], of: always, guess: at('id', { readOnly: true }) },
  { names: ['createdat', 'created', 'createdon'], of: always, guess: at('%created', { readOnly: true }) },
  { names: ['updatedat', 'updated', 'modifiedat', 'lastupdated'], of: always, guess: at('meta.lastUpdated', { readOnly: true }) },
  { names: ['firstname', 'givenname', 'forename', 'given'], of: isPerson, guess: text('name.first().given.first()') },
  { names: ['lastname', 'familyname', 'surname', 'family'], of: isPerson, guess: text('name.first().family') },
  { names: ['name', 'fullname', 'displayname'], of: isPerson, guess: text('name.first().text') },
  { names: ['title', 'prefix', 'honorific'], of: isPerson, guess: text('name.first().prefix.first()') },
  { names: ['email', 'emailaddress', 'mail'], of: isReachable, guess: text("telecom.where(system='email').value") },
  { names: ['phone', 'phonenumber', 'telephone', 'tel', 'mobile'], of: isReachable, guess: text("telecom.where(system='phone').value") },
  { names: ['fax', 'faxnumber'], of: isReachable, guess: text("telecom.where(system='fax').value") },
  { names: ['dob', 'dateofbirth', 'birthdate', 'birthday'], of: isPerson, guess: guessBirthDate },
  { names: ['gender', 'sex'], of: isPerson, guess: guessGender },
  { names: ['active', 'isactive', 'enabled'], of: (resource) => findElement(resource, 'active') !== undefined, guess: guessActive },
  {
    names: ['npi', 'npinumber'],
    of: (resource) => resource === 'Practitioner' || resource === 'Organization',
    guess: () => ({ spec: { fhir: 'identifier.where(system=%npi).value' }, aliases: { npi: 'http://hl7.org/fhir/sid/us-npi' } }),
  },
  {
    names: ['photo', 'photourl', 'avatar', 'picture'],
    of: (resource) => findElement(resource, 'photo') !== undefined,
    guess: text('photo.first().url'),
  },
  { names: ['address', 'homeaddress', 'mailingaddress'], of: (resource) => ADDRESSED.has(resource), guess: guessAddress },
];

const LINES: Record<string, string> = {
  line1: 'line.first()',
  street: 'line.first()',
  street1: 'line.first()',
  address1: 'line.first()',
  city: 'city',
  town: 'city',
  state: 'state',
  region: 'state',
  province: 'state',
  zip: 'postalCode',
  zipcode: 'postalCode',
  postalcode: 'postalCode',
  postcode: 'postalCode',
  country: 'country',
};

/** Normalises a name for the lookup. */
export const normalizeName = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '');

/** A guess for one property of a sample. */
export function guessField(resource: string, name: string, value: unknown): Guess | undefined {
  const normalized = normalizeName(name);
  const hint = HINTS.find((hint) => hint.names.includes(normalized) && hint.of(resource));
  return (
    (hint ? hint.guess(value) : guessSameName(resource, normalized, value)) ??
    (isOwnObject(normalized, value) ? guessNested(resource, value) : undefined)
  );
}

function guessBirthDate(value: unknown): Guess | undefined {
  if (typeof value !== 'string') return undefined;
  const guess = guessDay(value);
  return guess && { ...guess, spec: { fhir: 'birthDate', ...guess.spec } };
}

/** Guesses the format of a day; undefined: the text is not a day. When both orders are possible, slashes mean month first, other separators day first. */
function guessDay(value: string): Guess | undefined {
  if (/^\d{4}-\d\d-\d\d$/.test(value)) return { spec: { format: 'date' } };
  const [, first = '', mark = '', second = ''] = /^(\d\d)([-/.])(\d\d)\2\d{4}$/.exec(value) ?? [];
  if (mark === '') return undefined;
  const [american, other] = [`date(MM${mark}DD${mark}YYYY)`, `date(DD${mark}MM${mark}YYYY)`];
  const isAmerican = Number(second) > 12 || (mark === '/' && Number(first) <= 12);
  const isEither = Number(first) <= 12 && Number(second) <= 12 && first !== second;
  return {
    spec: { as: isAmerican ? american : other },
    ...(isEither && { note: `or ${isAmerican ? other : american}? the sample could be either` }),
  };
}

const GENDERS = ['male', 'female', 'other', 'unknown'];

/** The table has only the word of the sample. The author adds the others. */
function guessGender(value: unknown): Guess | undefined {
  if (typeof value !== 'string') return undefined;
  if (GENDERS.includes(value)) return { spec: { fhir: 'gender', enum: GENDERS } };
  const meant = GENDERS.find((gender) => gender.startsWith(value.charAt(0).toLowerCase()));
  return meant === undefined ? undefined : { spec: { fhir: 'gender', codes: { [value]: meant } } };
}

function guessActive(value: unknown): Guess | undefined {
  return typeof value === 'boolean' ? { spec: { fhir: 'active', type: 'boolean', default: true } } : undefined;
}

function guessAddress(value: unknown): Guess | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const known = Object.keys(value).flatMap((name) => {
    const path = LINES[normalizeName(name)];
    return path === undefined ? [] : [[name, { fhir: path }] as const];
  });
  return known.length ? { spec: { at: 'address.first()', fields: Object.fromEntries(known) } } : undefined;
}

/** Objects with data of the item itself. Other objects may describe another person, so their names are not guessed. */
const OWN_OBJECTS =
  /^(name|fullname|(contact|personal|basic|general)(info|information|details|data)?|person|demographics|profile|details|info|attributes|fields)$/;
const OTHER_PERSON_NAMES = ['name', 'fullname', 'firstname', 'lastname', 'relation', 'relationship'];

const isOwnObject = (normalized: string, value: unknown): boolean =>
  OWN_OBJECTS.test(normalized) &&
  !(normalized === 'contact' && Object.keys(value ?? {}).some((name) => OTHER_PERSON_NAMES.includes(normalizeName(name))));

/** Guesses the fields of an object without a counterpart in FHIR: each may have a path of its own. */
function guessNested(resource: string, value: unknown): Guess | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const inner = Object.entries(value).flatMap(([name, member]) => {
    const guess = guessField(resource, SHORT_NAMES[normalizeName(name)] ?? name, member);
    return guess === undefined || guess.spec.readOnly ? [] : [[name, guess] as const];
  });
  if (!inner.length) return undefined;
  return {
    spec: { at: '$this', fields: Object.fromEntries(inner.map(([name, { spec }]) => [name, spec])) },
    aliases: Object.assign({}, ...inner.map(([, { aliases }]) => aliases ?? {})),
  };
}

/** Short names that are clear only inside an object: `name: { first, last }`. */
const SHORT_NAMES: Record<string, string> = { first: 'firstname', last: 'lastname' };

/** FHIR types that store any text unchanged. */
const PLAIN_TYPES = ['string', 'markdown', 'code', 'uri', 'url'];

/** Guesses the element with the same name, if it has one value of the same JSON type. */
function guessSameName(resource: string, normalized: string, value: unknown): Guess | undefined {
  const name = listElementNames(resource).find((elementName) => elementName.toLowerCase() === normalized);
  const facts = name === undefined ? undefined : findElement(resource, name);
  if (!facts || facts.list || facts.choice || !facts.types.every(isPrimitive)) return undefined;
  const isBoolean = facts.types[0] === 'boolean';
  if (isBoolean !== (typeof value === 'boolean') || (!isBoolean && typeof value !== 'string')) return undefined;
  if (!isBoolean && (!PLAIN_TYPES.includes(facts.types[0]!) || explainUnboundCode(value, facts.bound) !== undefined)) return undefined;
  return { spec: { fhir: name!, ...(isBoolean && { type: 'boolean' as const }) } };
}
