// The values of a made-up population: names, codes, dates, amounts and references, frequent ones and rare ones.

import { expandValueSet } from '../../src/fhir/terminology/expansion.ts';
import { R4_TERMINOLOGY } from '../../src/fhir/terminology/terminology.ts';

/** Where chance comes from; the same seed gives the same. */
export interface Draw {
  /** In [0, 1). */
  number(): number;
  below(max: number): number;
  /** Log-uniform: the first are many times as frequent as the last. */
  often(max: number): number;
  /** A resource of this type, if there are any. */
  id(type: string): string | undefined;
}

export function drawFrom(seed: number, count: (type: string) => number | undefined): Draw {
  let state = seed >>> 0;
  const number = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (max: number): number => Math.floor(number() * max);
  return {
    number,
    below,
    often: (max) => Math.floor(max ** number()) - 1,
    id: (type) => {
      const many = count(type);
      return many === undefined ? undefined : `${type.toLowerCase()}-${below(many)}`;
    },
  };
}

const two = (n: number): string => String(n).padStart(2, '0');
const day = (draw: Draw, from: number, years: number): string =>
  `${from + draw.below(years)}-${two(1 + draw.below(12))}-${two(1 + draw.below(28))}`;
const instant = (draw: Draw): string => `${day(draw, 2012, 14)}T${two(draw.below(24))}:${two(draw.below(60))}:${two(draw.below(60))}Z`;

/** What is known of an element beside its type. */
interface Place {
  name: string;
  bound?: string;
  targets?: string[] | undefined;
}

const bound = new Map<string, string[]>();

/** The codes of a required value set; any, where it has no list. */
function codesOf(url: string): string[] {
  const known = bound.get(url);
  if (known) return known;
  const systems = expandValueSet(url, R4_TERMINOLOGY);
  const codes =
    typeof systems === 'string' ? [] : [...systems.values()].flatMap((listed) => (listed.codes === 'all' ? [] : [...listed.codes]));
  bound.set(url, codes.length ? codes : ['other']);
  return bound.get(url)!;
}

export function primitive(type: string, place: Place, draw: Draw): unknown {
  switch (type) {
    case 'boolean':
      return draw.number() < 0.95;
    case 'date':
      return /birth/i.test(place.name) ? day(draw, 1930, 90) : day(draw, 2012, 14);
    case 'dateTime':
      return draw.number() < 0.2 ? day(draw, 2012, 14) : instant(draw);
    case 'instant':
      return instant(draw);
    case 'code':
      return place.bound === undefined ? `c${draw.often(20)}` : pickOften(codesOf(place.bound), draw);
    case 'uri':
    case 'url':
      return `http://example.org/things/${draw.below(5000)}`;
    case 'canonical':
      return `http://example.org/definitions/d${draw.below(500)}|1.${draw.below(3)}`;
    case 'string':
    case 'markdown':
      return `Word${draw.below(3000)} saying${draw.below(200)}`;
    case 'integer':
    case 'positiveInt':
      return 1 + draw.often(8);
    case 'decimal':
      return draw.below(10_000) / 10;
    default:
      return undefined;
  }
}

const pickOften = (list: readonly string[], draw: Draw): string => list[Math.min(draw.often(list.length), list.length - 1)]!;

/** Elements of these names tell groups apart: they have few codes. */
const FEW = /categor|class|type|status|intent|priority|interpretation|role|purpose|scope|action|severity|absent/i;

const coding = (draw: Draw, { name }: Place): object => {
  const [kinds, kind] = FEW.test(name) ? [20, name] : [3000, 'codes'];
  const at = draw.often(kinds);
  return { system: `http://example.org/CodeSystem/${kind}`, code: `${kind}-${at}`, display: `Thing called ${at} of ${kind}` };
};

const UNITS: [unit: string, most: number][] = [
  ['mmol/L', 30],
  ['mg/dL', 400],
  ['kg', 150],
  ['mm[Hg]', 220],
  ['Cel', 42],
];

const quantity = (draw: Draw): object => {
  const [unit, max] = UNITS[draw.below(UNITS.length)]!;
  return { value: draw.below(max * 10) / 10, unit, system: 'http://unitsofmeasure.org', code: unit };
};

const age = (draw: Draw): object => ({ value: draw.below(95), unit: 'years', system: 'http://unitsofmeasure.org', code: 'a' });

const period = (draw: Draw): object => {
  const [start, length] = [Date.parse(instant(draw)), draw.number() < 0.8 ? draw.below(7200) : draw.below(86_400 * 30)];
  const end = new Date(start + length * 1000).toISOString();
  return { start: new Date(start).toISOString(), ...(draw.number() < 0.95 && { end }) };
};

/** Datatype → how a value of it is made. */
export const BUILDERS: Record<string, (draw: Draw, place: Place) => unknown> = {
  HumanName: (draw) => ({ family: `Family${draw.below(8000)}`, given: [`Given${draw.below(700)}`, `Middle${draw.below(90)}`] }),
  Address: (draw) => ({
    use: ['home', 'work', 'temp', 'old'][Math.min(3, draw.often(5))],
    line: [`${draw.below(999)} Street ${draw.below(400)}`],
    city: `City${draw.often(900)}`,
    state: `S${draw.below(50)}`,
    postalCode: String(10_000 + draw.below(9000)),
    country: ['US', 'CA'][draw.often(3)] ?? 'US',
  }),
  ContactPoint: (draw) =>
    draw.number() < 0.6
      ? { system: 'phone', value: `555-${draw.below(10_000_000)}` }
      : { system: 'email', value: `u${draw.below(10_000_000)}@example.org` },
  Identifier: (draw) => ({
    system: `http://hospital.example/ids/${draw.below(3)}`,
    value: `I${draw.below(100_000_000)}`,
    type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: ['MR', 'SS', 'DL'][draw.below(3)] }] },
  }),
  Coding: coding,
  CodeableConcept: (draw, place) => ({ coding: [coding(draw, place)] }),
  Reference: (draw, { targets = ['Patient'] }) => {
    if (draw.number() < 0.05) return { identifier: { system: 'http://hospital.example/ids/0', value: `I${draw.below(1_000_000)}` } };
    const known = targets.filter((type) => draw.id(type) !== undefined);
    const type = known.includes('Patient') && draw.number() < 0.9 ? 'Patient' : known[draw.below(known.length)];
    return type === undefined ? undefined : { reference: `${type}/${draw.id(type)}` };
  },
  Quantity: quantity,
  SimpleQuantity: quantity,
  Age: age,
  Duration: (draw) => ({ value: draw.below(600), unit: 'min', system: 'http://unitsofmeasure.org', code: 'min' }),
  Period: period,
  Range: (draw) => {
    const low = draw.below(500) / 10;
    return { low: { value: low, ...UCUM_KG }, high: { value: low + 1 + draw.below(20), ...UCUM_KG } };
  },
  Timing: (draw) => ({ event: [instant(draw)] }),
  Signature: (draw) => ({ type: [coding(draw, { name: 'type' })] }),
  Annotation: (draw) => ({ text: `Word${draw.below(3000)} noted` }),
  'Location.position': (draw) => ({ latitude: 25 + draw.below(240_000) / 10_000, longitude: -125 + draw.below(580_000) / 10_000 }),
};

const UCUM_KG = { unit: 'kg', system: 'http://unitsofmeasure.org', code: 'kg' };
