// Random worlds: a few resources of each type, that refer to each other.

import { findElement } from '../../src/fhir/elements.ts';
import type { ServedType } from '../../src/fhir/types.ts';
import { randomResource } from '../fhir/random-resource.ts';
import type { Held } from './brute.ts';
import { timeRange } from './brute-values.ts';

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

/** A list in random order. */
export function shuffled<T>(random: Random, list: readonly T[]): T[] {
  const keyed = list.map((item) => ({ item, at: random() }));
  return keyed.sort((a, b) => a.at - b.at).map(({ item }) => item);
}

export const pick = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random() * list.length)]!;

export const UCUM = 'http://unitsofmeasure.org';
export const AMOUNTS: [number, string][] = [
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
export function worldOf(types: readonly ServedType[], seed: number): Held[] {
  const random = randomFrom(seed);
  return types.flatMap((type) =>
    ['a', 'b', 'c', 'd'].map((id) => {
      const resource = { ...forward(randomResource(type, Math.floor(random() * 2 ** 31))), id } as Held;
      return ENRICHED[type]?.(resource, random) ?? withContexts(resource, random);
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

/** A concept with one of a few codes. */
const coded = (random: Random): object => ({
  coding: [{ system: random() < 0.8 ? 'http://loinc.org' : 'urn:codes', code: pick(random, LOINC) }],
});

/** Type → what is added, so that values meet in one element often enough for composites, units and places to be searched. */
const ENRICHED: Record<string, (resource: Held, random: Random) => Held> = {
  Observation: measuredObservation,
  Location: (resource, random) => ({
    ...resource,
    position: { latitude: pick(random, [0, 52.5, 52.51, 89.5, -33]), longitude: pick(random, [0, 13.4, 13.41, 179.9, -179.9]) },
  }),
  Group: (resource, random) => ({
    ...resource,
    characteristic: list(random, () => ({
      code: coded(random),
      ...pick(random, [{ valueBoolean: true }, { valueBoolean: false }, { valueCodeableConcept: coded(random) }]),
    })),
  }),
  DocumentReference: (resource, random) => ({
    ...resource,
    relatesTo: list(random, () => ({
      code: pick(random, ['replaces', 'appends']),
      target: { reference: `DocumentReference/${pick(random, ['a', 'b'])}` },
    })),
  }),
  MolecularSequence: (resource, random) => ({
    ...resource,
    referenceSeq: { chromosome: coded(random), referenceSeqId: coded(random), windowStart: place(random), windowEnd: place(random) },
    variant: list(random, () => ({ start: place(random), end: place(random) })),
  }),
};

const place = (random: Random): number => pick(random, [10, 20, 30, 1000, 1001]);
const list = <T>(random: Random, make: () => T): T[] => Array.from({ length: 1 + Math.floor(random() * 3) }, make);

/** The contexts of use that definitions have (ValueSet.useContext), and what they are related to (Library.relatedArtifact). */
const withContexts = (resource: Held, random: Random): Held =>
  findElement(resource.resourceType, 'useContext')
    ? {
        ...resource,
        ...(findElement(resource.resourceType, 'relatedArtifact') && {
          relatedArtifact: list(random, () => ({
            type: pick(random, ['predecessor', 'successor', 'derived-from', 'depends-on', 'composed-of']),
            resource: pick(random, ['http://example.org/q', 'http://example.org/q|1.0', 'http://example.org/r|2']),
          })),
        }),
        useContext: list(random, () => ({
          code: { system: random() < 0.8 ? 'http://loinc.org' : 'urn:codes', code: pick(random, LOINC) },
          ...pick(random, [
            { valueCodeableConcept: coded(random) },
            { valueQuantity: quantity(random) },
            { valueRange: { low: { value: 1, unit: 'mg' }, high: { value: 7, unit: 'mg' } } },
          ]),
        })),
      }
    : resource;

function measuredObservation(resource: Held, random: Random): Held {
  const values = Object.keys(resource).filter((name) => name.startsWith('value'));
  const rest = Object.fromEntries(Object.entries(resource).filter(([name]) => !values.includes(name))) as Held;
  const value = pick(random, [
    { valueQuantity: quantity(random) },
    { valueQuantity: quantity(random) },
    { valueCodeableConcept: coded(random) },
    { valueString: pick(random, ['Straw coloured', 'clear', 'cloudy']) },
    { valueDateTime: pick(random, ['2020', '2020-02-29', '2020-02-29T23:59:59Z']) },
    { valuePeriod: { start: '2020-01-01', end: '2020-03-31' } },
  ]);
  const component = list(random, () => ({
    code: coded(random),
    ...(random() < 0.7 ? { valueQuantity: quantity(random) } : { valueCodeableConcept: coded(random) }),
  }));
  return { ...rest, code: coded(random), ...(random() < 0.8 && value), ...(random() < 0.6 && { component }) };
}
