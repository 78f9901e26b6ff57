// Builds structurally valid resources of any served type from the definitions and a seed, for tests of general properties.
import { findElement, isPrimitive, listElementNames } from '../../src/fhir/elements.ts';
import type { Resource, ServedType } from '../../src/fhir/types.ts';

type Random = () => number;

/** Left out: what has no search parameters, and what the element facts do not describe (resources inside resources). */
const SKIPPED = new Set(['contained', 'text', 'implicitRules', 'language', 'modifierExtension', 'id']);
const DEEPEST = 4;

/** Made with a value: without one the engine does not take them for quantities. */
const QUANTITIES = new Set(['Quantity', 'SimpleQuantity', 'Age', 'Duration', 'Count', 'Distance']);

const WORDS = ['Müller-Lüdenscheidt', "O'Brien", 'Anna Maria', 'ÅSE', 'van der Berg', '中村', 'x', 'Straße 5', 'a|b', 'A, B'];
const CODES = ['male', 'active', 'phone', 'email', 'order', 'final', '1234-5'];
const SYSTEMS = ['http://loinc.org', 'http://snomed.info/sct', 'urn:oid:1.2.3', 'http://unitsofmeasure.org'];
const DATES = ['2020', '2020-02', '2020-02-29', '1974-12-25'];
const TIMES = [...DATES, '2020-02-29T23:59:59Z', '2020-06-01T00:30:00.123+02:00', '1999-12-31T23:00:00-05:00'];

const PRIMITIVES: Record<string, readonly (string | number | boolean)[]> = {
  boolean: [true, false],
  integer: [-3, 0, 7],
  positiveInt: [1, 12],
  unsignedInt: [0, 12],
  decimal: [0, 5.4, -0.01, 120],
  code: CODES,
  uri: SYSTEMS,
  url: SYSTEMS,
  canonical: ['http://example.org/q', 'http://example.org/q|1.0'],
  oid: ['urn:oid:1.2.3'],
  uuid: ['urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7'],
  date: DATES,
  dateTime: TIMES,
  instant: TIMES.slice(4),
  time: ['12:00:00'],
  base64Binary: ['AAAA'],
  id: ['a', 'b-1'],
};

/** A resource of the type, with its id. The same seed gives the same resource. */
export function randomResource(type: ServedType, seed: number): Resource {
  const random = randomFrom(seed);
  return { resourceType: type, id: `r${seed >>> 0}`, ...objectOf(type, random, 0) };
}

function objectOf(type: string, random: Random, depth: number): Record<string, unknown> {
  const entries = chosenNames(type, random, depth).map((name) => [name, elementValue(type, name, random, depth + 1)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** Some of the elements, and at most one branch of each choice. */
function chosenNames(type: string, random: Random, depth: number): string[] {
  const groups = Map.groupBy(
    listElementNames(type).filter((name) => !SKIPPED.has(name) && (name !== 'extension' || depth === 0)),
    (name) => findElement(type, name)!.choice ?? name,
  );
  return [...groups.values()].filter(() => random() < (depth === 0 ? 0.6 : 0.5)).map((names) => pick(names, random));
}

function elementValue(type: string, name: string, random: Random, depth: number): unknown {
  const facts = findElement(type, name)!;
  const one = (): unknown => oneOf(facts.types[0]!, facts.targets, random, depth);
  if (!facts.list) return one();
  const items = Array.from({ length: 1 + Math.floor(random() * 2) }, one).filter((item) => item !== undefined);
  return items.length ? items : undefined;
}

function oneOf(type: string, targets: string[] | undefined, random: Random, depth: number): unknown {
  if (isPrimitive(type)) return pick(PRIMITIVES[type] ?? WORDS, random);
  if (type === 'Resource')
    return { resourceType: pick(['Composition', 'MessageHeader', 'Patient'], random), id: pick(['a', 'b', 'c'], random) };
  if (type === 'Reference') return referenceTo(pick(targets ?? ['Patient', 'Observation'], random), random);
  if (type === 'Extension') return { url: 'http://example.org/extension', valueString: pick(WORDS, random) };
  if (QUANTITIES.has(type)) return { value: pick(PRIMITIVES.decimal!, random), ...objectOf(type, random, DEEPEST) };
  const value = depth > DEEPEST ? {} : objectOf(type, random, depth);
  return Object.keys(value).length ? value : undefined;
}

function referenceTo(type: string, random: Random): object {
  if (random() < 0.2) return { identifier: { system: 'http://example.org/mrn', value: pick(['1', '2'], random) } };
  return { reference: `${type}/${pick(['a', 'b', 'c'], random)}`, ...(random() < 0.3 && { display: pick(WORDS, random) }) };
}

const pick = <T>(list: readonly T[], random: Random): T => list[Math.floor(random() * list.length)]!;

/** Mulberry32: small, and the same everywhere. */
function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
