// Random worlds of resources, and random searches about them: values are taken from the resources themselves, so that searches find something.
import { randomResource } from '../fhir/random-resource.ts';
import { BASE, codesOf, type Held, localTarget, parametersOf, textsOf, valuesOf } from './brute.ts';
import { timeRange } from './brute-values.ts';
import type { SpecParameter, SpecValue } from './spec-values.ts';

export type Random = () => number;

/** Mulberry32. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export const pick = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random() * list.length)]!;

export const TYPES = [
  'Patient', 'Practitioner', 'PractitionerRole', 'Organization', 'Location', 'Observation', 'ServiceRequest',
  'Encounter', 'Group', 'Task', 'Condition', 'QuestionnaireResponse', 'Coverage', 'Specimen',
] as const; // biome-ignore format: a list

const UCUM = 'http://unitsofmeasure.org';
const AMOUNTS: [number, string][] = [
  [5.4, 'mmol/L'],
  [5400, 'umol/L'],
  [5.45, 'mmol/L'],
  [100, 'mg/dL'],
  [1, 'g/L'],
  [37, 'Cel'],
  [98.6, '[degF]'],
  [7, 'widgets'],
];
const LOINC = ['8480-6', '8462-4', '2823-3'];

/** A few resources of each type, with ids that the references of random resources lead to. */
export function worldOf(seed: number): Held[] {
  const random = randomFrom(seed);
  return TYPES.flatMap((type) =>
    ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => {
      const resource = { ...forward(randomResource(type, Math.floor(random() * 2 ** 31))), id } as Held;
      return type === 'Observation' ? measuredObservation(resource, random) : type === 'Location' ? placed(resource, random) : resource;
    }),
  );
}

/** No period or range ends before it begins: such a resource would be refused (per-1, rng-2). */
const forward = (resource: object): object =>
  JSON.parse(JSON.stringify(resource), (_key, value) => {
    const { start, end, ...rest } = (value ?? {}) as { start?: unknown; end?: unknown; low?: Measured; high?: Measured };
    if (typeof start === 'string' && typeof end === 'string' && timeRange(end)[1] < timeRange(start)[0]) return { ...rest, start };
    const { low, high } = rest;
    return low?.value !== undefined && high?.value !== undefined && high.value < low.value ? { low } : value;
  });

interface Measured {
  value?: number;
}

function quantity(random: Random): object {
  const [value, code] = pick(random, AMOUNTS);
  return {
    value,
    code,
    system: random() < 0.8 ? UCUM : 'urn:units',
    ...(random() < 0.3 && { comparator: pick(random, ['<', '>=']) }),
    ...(random() < 0.3 && { unit: 'said' }),
  };
}

function measuredObservation(resource: Held, random: Random): Held {
  const coded = () => ({ coding: [{ system: random() < 0.8 ? 'http://loinc.org' : 'urn:codes', code: pick(random, LOINC) }] });
  const values = Object.keys(resource).filter((name) => name.startsWith('value'));
  const rest = Object.fromEntries(Object.entries(resource).filter(([name]) => !values.includes(name) || random() < 0.4)) as Held;
  const component = Array.from({ length: Math.floor(random() * 3) }, () => ({
    code: coded(),
    ...(random() < 0.7 ? { valueQuantity: quantity(random) } : { valueCodeableConcept: coded() }),
  }));
  const valued = Object.keys(rest).some((name) => name.startsWith('value'));
  return { ...rest, code: coded(), ...(!valued && { valueQuantity: quantity(random) }), ...(component.length && { component }) };
}

const placed = (resource: Held, random: Random): Held => ({
  ...resource,
  position: { latitude: pick(random, [0, 52.5, 52.51, 89.5, -33]), longitude: pick(random, [0, 13.4, 13.41, 179.9, -179.9]) },
});

export interface Question {
  type: string;
  parameters: [name: string, value: string][];
  sort: string[];
}

/** A search of up to three parameters, sometimes in an order; one in three asks about a parameter and is sorted by it. */
export function questionOf(random: Random, world: readonly Held[]): Question {
  const type = pick(random, TYPES);
  const bounded = random() < 0.34 && boundedQuestion(random, type, world);
  if (bounded) return bounded;
  const count = Math.floor(0.8 + random() * 2.4);
  const parameters = Array.from({ length: count }, () => parameter(random, type, world, 2)).filter((one) => one !== undefined);
  const sortable = [...parametersOf(type).values()].filter(
    ({ kind, code }) => SORTED.has(kind) && !SKIPPED.has(code) && !code.startsWith('_last'),
  );
  const sort =
    random() < 0.4
      ? Array.from({ length: 1 + Math.floor(random() * 2) }, () => `${random() < 0.5 ? '-' : ''}${pick(random, sortable).code}`)
      : [];
  return { type, parameters, sort: [...new Map(sort.map((one) => [one.replace('-', ''), one])).values()] };
}

/** Kinds whose conditions are ranges. */
const BOUNDED = new Set(['date', 'quantity', 'string', 'uri']);

/** One to three conditions on a parameter that also gives the order; sometimes with another condition or a further key. */
function boundedQuestion(random: Random, type: string, world: readonly Held[]): Question | undefined {
  const own = world.filter(({ resourceType }) => resourceType === type);
  const known = [...parametersOf(type).values()].filter(
    ({ kind, code }) => BOUNDED.has(kind) && !SKIPPED.has(code) && own.some((resource) => valuesOf(resource, code).length),
  );
  if (!known.length) return undefined;
  const one = pick(random, known);
  const pool = own.flatMap((resource) => valuesOf(resource, one.code));
  const conditions = Array.from({ length: 1 + Math.floor(random() * 2.5) }, () => ASKED[one.kind]!(random, pick(random, pool), one));
  const parameters = conditions.flatMap((asked): [string, string][] =>
    asked === undefined ? [] : [[asked[0] === '' ? one.code : `${one.code}:${asked[0]}`, asked[1]]],
  );
  if (!parameters.length) return undefined;
  const other = random() < 0.3 ? parameter(random, type, world, 1) : undefined;
  const further = random() < 0.3 ? pick(random, known).code : one.code;
  const sort = [one.code, ...(further === one.code ? [] : [further])].map((code) => `${random() < 0.5 ? '-' : ''}${code}`);
  return { type, parameters: [...parameters, ...(other ? [other] : [])], sort };
}

const SORTED = new Set(['string', 'date', 'quantity', 'token', 'reference', 'uri']);
/** Compared by sound, or answered from the row: other tests hold them. */
const SKIPPED = new Set(['phonetic', '_id', '_lastUpdated']);

function parameter(random: Random, type: string, world: readonly Held[], depth: number): [string, string] | undefined {
  const all = [...parametersOf(type).values()].filter(({ code }) => !SKIPPED.has(code));
  if (depth > 0 && random() < 0.15) return chained(random, type, world, depth);
  if (depth > 0 && random() < 0.1) return reversed(random, type, world, depth);
  const one = pick(random, all);
  const own = world.filter(({ resourceType }) => resourceType === type);
  const pool = own.flatMap((resource) => valuesOf(resource, one.code));
  if (!['composite', 'special'].includes(one.kind) && random() < 0.08) return [`${one.code}:missing`, pick(random, ['true', 'false'])];
  if (!pool.length) return undefined;
  const asked = ASKED[one.kind]?.(random, pick(random, pool), one);
  if (asked === undefined) return undefined;
  const other = random() < 0.2 && asked[0] === '' ? ASKED[one.kind]!(random, pick(random, pool), one) : undefined;
  const value = other && other[0] === '' ? `${asked[1]},${other[1]}` : asked[1];
  const long = one.kind === 'token' && ['', 'not'].includes(asked[0]) && !/^(true|false)/.test(value) && random() < 0.15 ? NOBODYS : '';
  return [asked[0] === '' ? one.code : `${one.code}:${asked[0]}`, value + long];
}

/** Codes that nobody has: lists as long as this are looked up in another way. */
const NOBODYS = Array.from({ length: 10 }, (_one, nth) => `,nobody${nth}`).join('');

function chained(random: Random, type: string, world: readonly Held[], depth: number): [string, string] | undefined {
  const link = pick(
    random,
    [...parametersOf(type).values()].filter(({ kind }) => kind === 'reference'),
  );
  const led = world.filter(({ resourceType }) => resourceType === type).flatMap((one) => (link ? valuesOf(one, link.code) : []));
  const target = led.length ? localTarget((pick(random, led).value as { reference?: string }).reference)?.split('/')[0] : undefined;
  if (!link || target === undefined || !TYPES.some((one) => one === target)) return undefined;
  const rest = parameter(random, target, world, depth - 1);
  return rest && [`${link.code}${link.targets.length === 1 ? '' : `:${target}`}.${rest[0]}`, rest[1]];
}

function reversed(random: Random, type: string, world: readonly Held[], depth: number): [string, string] | undefined {
  const links = TYPES.flatMap((other) =>
    [...parametersOf(other).values()]
      .filter(({ kind, targets }) => kind === 'reference' && targets.includes(type))
      .map(({ code }) => [other, code] as const),
  );
  if (!links.length) return undefined;
  const [other, code] = pick(random, links);
  const rest = parameter(random, other, world, depth - 1);
  return rest && !rest[0].includes('.') ? [`_has:${other}:${code}:${rest[0]}`, rest[1]] : undefined;
}

type Asked = [modifier: string, value: string] | undefined;
type Ask = (random: Random, value: SpecValue, parameter: SpecParameter) => Asked;

/** What stands between values is left out of them: escaping has tests of its own. */
const plain = (text: string | undefined): text is string => text !== undefined && text.trim() !== '' && !/[,|$\\]/.test(text);
const PREFIXES = ['', '', 'eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap'];

const ASKED: Record<string, Ask> = {
  string(random, value) {
    const text = pick(random, textsOf(value));
    if (!plain(text) || text.length === 0) return undefined;
    const modifier = pick(random, ['', '', 'contains', 'exact']);
    const part =
      modifier === 'exact' && random() < 0.7
        ? text
        : [...text].slice(modifier === 'contains' ? 1 : 0, 1 + Math.ceil(random() * text.length)).join('');
    return plain(part) && /[\p{L}\p{N}]/u.test(part) ? [modifier, part] : undefined;
  },
  token(random, value) {
    const { system, code } = pick(random, codesOf(value)) ?? {};
    const texts =
      ['Coding', 'CodeableConcept'].includes(value.type) && random() < 0.15 ? (value.value as { text?: string; display?: string }) : {};
    const text = texts.text ?? texts.display;
    if (plain(text)) return ['text', text.slice(0, 1 + Math.ceil(random() * text.length))];
    const not = random() < 0.2 ? 'not' : '';
    if (plain(code) && (system === undefined || random() < 0.4)) return [not, code];
    if (system && plain(code) && random() < 0.6) return [not, `${system}|${code}`];
    if (system && random() < 0.5) return [not, `${system}|`];
    return system === null && plain(code) ? [not, `|${code}`] : undefined;
  },
  date(random, { value }) {
    const { start, end } = (typeof value === 'object' ? value : {}) as { start?: string; end?: string };
    if (typeof value === 'string' && !/^\d{4}/.test(value)) return undefined;
    const text = typeof value === 'string' ? value : (start ?? end ?? '2020-02-29');
    const cut = pick(random, [text, text, text.slice(0, 4), text.slice(0, 7), text.slice(0, 10), '2020-03', '1974']);
    return [
      '',
      `${pick(
        random,
        PREFIXES.filter((one) => one !== 'ap'),
      )}${cut}`,
    ];
  },
  quantity(random, { value }) {
    const { value: at = 5, system, code, unit } = value as { value?: number; system?: string; code?: string; unit?: string };
    const number = pick(random, [String(at), String(at), at.toFixed(2), String(Math.round(at)), '5.4', '0.98']);
    const named =
      system && code && random() < 0.6 ? `|${system}|${code}` : random() < 0.3 && plain(code ?? unit) ? `||${code ?? unit}` : '';
    const elsewhere = named && random() < 0.3 ? `|${UCUM}|${pick(random, AMOUNTS)[1]}` : named;
    return ['', `${pick(random, PREFIXES)}${number}${elsewhere}`];
  },
  reference(random, { type, value }, { targets }) {
    if (type !== 'Reference') return plain(value as string) ? ['', value as string] : undefined;
    const { reference, identifier } = value as { reference?: string; identifier?: { system?: string; value?: string } };
    if (identifier && plain(identifier.value))
      return ['identifier', random() < 0.5 && identifier.system ? `${identifier.system}|${identifier.value}` : identifier.value];
    const target = localTarget(reference);
    if (target === undefined) return undefined;
    const [led, id] = target.split('/') as [string, string];
    if (random() < 0.3 && targets.includes(led)) return [led, id];
    return ['', pick(random, [id, target, target, `${BASE}/${target}`])];
  },
  uri(random, { value }) {
    const text = value as string;
    if (!plain(text)) return undefined;
    if (!text.includes('://') || random() < 0.5) return ['', text];
    return random() < 0.5 ? ['below', text.slice(0, 10 + Math.floor(random() * text.length))] : ['above', `${text}/more`];
  },
  special: (random, { value }) => {
    const { latitude = 0, longitude = 0 } = value as { latitude?: number; longitude?: number };
    return ['', `${latitude}|${longitude}|${pick(random, ['0.5', '2', '500', '9000', '21000'])}|km`];
  },
  composite(random, { value }, { components }) {
    const occurrence = value as Record<string, unknown>;
    const code = ASKED.token!(random, { type: 'CodeableConcept', value: occurrence.code ?? {} }, components[0] as never);
    const [name] = Object.keys(occurrence).filter((key) => key.startsWith('value'));
    const second =
      name && ASKED[components[1]!.kind]?.(random, { type: name.slice('value'.length), value: occurrence[name] }, components[1] as never);
    return code?.[0] === '' && second && second[0] === '' ? ['', `${code[1]}$${second[1]}`] : undefined;
  },
};
