// Changes valid JSON into JSON that is nearly valid, and makes values that parameters may have.

export type Random = () => number;

export const pick = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random() * list.length)]!;

/** Values that have caused failures in servers: limits of numbers, dates and texts, names of JavaScript, characters that databases refuse. */
const HOSTILE: readonly unknown[] = [
  null,
  true,
  '',
  ' ',
  0,
  -1,
  1e308,
  0.1,
  2 ** 53,
  '9999-12-31',
  '0000-01-01',
  '2020-02-30',
  '2020-01-01T24:00:00Z',
  '\u0000',
  '\ud800',
  '\u202e',
  "'; drop table resource; --",
  '<script>',
  '%00',
  '%',
  'constructor',
  '__proto__',
  'Patient/example',
  'Patient/../../x',
  'urn:uuid:00000000-0000-0000-0000-000000000000',
  '#',
  'http://localhost:1/fhir',
  'x'.repeat(5000),
  'a\nb',
  [],
  {},
  [[]],
  [null],
  { resourceType: 'Patient' },
  { reference: 'Patient/example' },
];

/** A hostile value of its own, which later changes may change. */
const pickHostile = (random: Random): unknown => structuredClone(pick(random, HOSTILE));

type Container = Record<string, unknown> | unknown[];

const isContainer = (value: unknown): value is Container => typeof value === 'object' && value !== null;

/** All objects and lists inside a value. */
function listContainers(value: unknown): Container[] {
  return isContainer(value) ? [value, ...Object.values(value).flatMap(listContainers)] : [];
}

/** Each change is made to one member of a container. */
const CHANGES: ((random: Random, at: Container, key: string) => void)[] = [
  (random, at, key) => set(at, key, pickHostile(random)),
  (_random, at, key) => (Array.isArray(at) ? void at.splice(Number(key), 1) : void delete at[key]),
  (_random, at, key) => (Array.isArray(at) ? void at.push(structuredClone(at[Number(key)])) : set(at, `_${key}`, structuredClone(at[key]))),
  (_random, at, key) => set(at, key, [(at as Record<string, unknown>)[key]]),
  (random, at, key) => set(at, `${key}${pick(random, ['x', ' ', '__proto__', '.', ''])}`, pickHostile(random)),
  (random, at, key) => set(at, key, nest((at as Record<string, unknown>)[key], 1 + Math.floor(random() * 120))),
  (random, at, key) => {
    const value = (at as Record<string, unknown>)[key];
    if (typeof value === 'string') set(at, key, changeText(random, value));
    if (typeof value === 'number') set(at, key, value * pick(random, [-1, 1e9, 0.5]));
  },
];

const set = (at: Container, key: string, value: unknown): void =>
  void Object.defineProperty(at, key, { value, enumerable: true, configurable: true, writable: true });

const nest = (value: unknown, depth: number): unknown => (depth === 0 ? value : { extension: [nest(value, depth - 1)] });

/** A text with one change: a character less, a hostile text inside, a repetition, or the other case. */
export function changeText(random: Random, text: string): string {
  const at = Math.floor(random() * (text.length + 1));
  return pick(random, [
    () => text.slice(0, at) + text.slice(at + 1),
    () => text.slice(0, at) + String(pick(random, HOSTILE)) + text.slice(at),
    () => text.slice(0, at).repeat(2) + text.slice(at),
    () => (text === text.toUpperCase() ? text.toLowerCase() : text.toUpperCase()),
  ])().slice(0, 20_000);
}

/** A copy of a value with so many changes. */
export function mutate(random: Random, value: unknown, changes: number): unknown {
  const copy: unknown = structuredClone(value);
  for (let n = 0; n < changes; n++) {
    const at = pick(random, listContainers(copy));
    const keys = at ? Object.keys(at) : [];
    if (keys.length) pick(random, CHANGES)(random, at!, pick(random, keys));
  }
  return copy;
}

const VALUES: Record<string, readonly string[]> = {
  date: ['2020', 'ge2020-01', 'lt2030-01-01T00:00:00Z', 'ap2020-01-01', 'eq9999-12-31', 'ne0001'],
  number: ['5', 'gt5.4', 'ap0.00', 'le1e30', 'sa-1'],
  quantity: ['5.4|http://unitsofmeasure.org|mg', 'lt5||mg', '5', 'ge1|http://unitsofmeasure.org|kg'],
  token: ['male', 'http://loinc.org|1234-5', '|a', 'http://loinc.org|', 'true', 'final'],
  reference: ['Patient/example', 'example', 'http://example.org/fhir/Patient/1', 'Patient/example/_history/1'],
  string: ['ada', 'Müller', 'a,b', 'a\\,b', 'a$b', '中村', 'O%27Brien'],
};
const ALL_VALUES = Object.values(VALUES).flat();
const SPECIAL: Record<string, readonly string[]> = {
  _filter: ['name co "a"', 'birthdate ge 2020-01-01 and (active eq true or not (gender eq male))', '_id eq example', '('],
  _include: ['*', 'Patient:general-practitioner', 'Observation:subject:Patient', 'Patient:link'],
  _revinclude: ['*', 'Observation:subject', 'Provenance:target:Patient'],
  _has: ['Observation:subject:code=1'],
  _sort: ['_id', '-_lastUpdated', 'name,-birthdate', 'nothing'],
  _count: ['0', '1', '50', '-1', 'x', '99999999999'],
  _elements: ['id', 'name,meta', 'nothing'],
  _summary: ['true', 'text', 'data', 'count', 'false'],
  _total: ['none', 'accurate', 'estimate', 'x'],
  _format: ['json', 'xml', 'application/fhir+xml'],
  _id: ['example', 'a,b,c', 'x'.repeat(65)],
};
const MODIFIERS = [
  'exact',
  'contains',
  'missing',
  'not',
  'text',
  'identifier',
  'above',
  'below',
  'in',
  'of-type',
  'iterate',
  'Patient',
  'x',
];
/** Parameters that are not in the documents, because they may have any name. */
const FREE = [
  '_has:Observation:subject:code',
  'subject.name',
  'subject:Patient.birthdate',
  'general-practitioner.name',
  'nothing',
  '_has:x',
  '',
];

/** A parameter of a query, as one that a client would send, or changed. */
export function buildParameter(random: Random, { name, description = '' }: { name: string; description?: string }): [string, string] {
  const kind = Object.keys(VALUES).find((word) => new RegExp(`\\b${word}\\b`, 'i').test(description));
  const usual = pick(random, SPECIAL[name] ?? (kind === undefined ? ALL_VALUES : VALUES[kind]!));
  const value = random() < 0.12 ? changeText(random, usual) : random() < 0.05 ? String(pick(random, HOSTILE)) : usual;
  const modified = random() < 0.1 ? `${name}:${pick(random, MODIFIERS)}` : name;
  return [random() < 0.04 ? pick(random, FREE) : modified, value];
}
