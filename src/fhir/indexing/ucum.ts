// UCUM units as multiples of one unit per dimension, exactly: what makes 5.4 mmol/L and 5400 umol/L the same amount.
// https://ucum.org/ucum (grammar: §§5-12), https://hl7.org/fhir/R4/datatypes.html#quantity
import type { Decimal } from '../decimal.ts';
import { ONE, plus, power, type Ratio, ratio, ratioOf, ratioText, times } from './ratio.ts';
import { ATOMS, type Atom, PREFIXES } from './ucum-atoms.ts';

/** The system of UCUM in FHIR. https://hl7.org/fhir/R4/ucum.html */
export const UCUM = 'http://unitsofmeasure.org';

/** Base unit → exponent; no zeros. */
type Dimensions = ReadonlyMap<string, number>;

interface Measure {
  scale: Ratio;
  dimensions: Dimensions;
  /** A scale that does not begin at nothing: it cannot be part of another unit. */
  zero?: Ratio;
}

/** A unit in which values can be said in the base unit of their dimension. Two units are comparable when their `dimension` is one. */
interface Unit {
  dimension: string;
  /** A value in this unit as a value in base units: a decimal text, of which 40 digits are kept. */
  canonical(value: Decimal): string;
}

const NUMBER: Measure = { scale: ONE, dimensions: new Map() };
/** A code longer than this is no unit anybody converts. */
const LONGEST = 64;
/** Powers above this are no unit either, and would cost time to compute. */
const GREATEST_POWER = 30;

/** Codes come from outside: what is kept of them is bounded. */
const KEPT = 2000;
const known = new Map<string, Unit | undefined>();

/** The unit of a UCUM code; undefined when it is none of the table's. */
export function ucumUnit(code: string): Unit | undefined {
  if (code.length > LONGEST) return undefined;
  if (known.has(code)) return known.get(code);
  const measure = measureOf(code);
  const unit = measure && { dimension: nameOf(measure.dimensions), canonical: convert(measure) };
  if (known.size < KEPT) known.set(code, unit);
  return unit;
}

const nameOf = (dimensions: Dimensions): string =>
  [...dimensions]
    .map(([base, exponent]) => `${base}${exponent}`)
    .sort()
    .join('.') || '1';

const convert =
  ({ scale, zero }: Measure) =>
  (value: Decimal): string =>
    ratioText(times(zero ? plus(ratioOf(value), zero) : ratioOf(value), scale));

/** Brackets are matched before the rest, so that digits within them are no exponents. */
const PIECE = /(\{[^{}]*\})|([./()])|(10[*^]|(?:\[[^\]\s]*\]|[A-Za-z%_'])+)|([+-]?\d+)/y;

/** One piece of a code: an operator or bracket, a symbol, or digits. Annotations say nothing about the unit. */
interface Piece {
  kind: 'operator' | 'symbol' | 'digits';
  text: string;
}

function piecesOf(code: string): Piece[] | undefined {
  const pieces: Piece[] = [];
  for (let at = 0; at < code.length; ) {
    PIECE.lastIndex = at;
    const [all, annotation, operator, symbol, digits] = PIECE.exec(code) ?? [];
    if (all === undefined) return undefined;
    at += all.length;
    if (operator !== undefined) pieces.push({ kind: 'operator', text: operator });
    else if (symbol !== undefined) pieces.push({ kind: 'symbol', text: symbol });
    else if (digits !== undefined) pieces.push({ kind: 'digits', text: digits });
    else if (annotation !== undefined && !/[^./(]/.test(code.slice(at - all.length - 1, at - all.length)))
      pieces.push({ kind: 'digits', text: '1' });
  }
  return pieces;
}

/** `a/b.c` is read from left to right: (a/b).c. */
function measureOf(code: string): Measure | undefined {
  const pieces = piecesOf(code);
  if (!pieces?.length) return undefined;
  const reader = { pieces, at: 0 };
  const measure = term(reader, 0);
  return reader.at === pieces.length ? measure : undefined;
}

interface Reader {
  pieces: readonly Piece[];
  at: number;
}

const take = (reader: Reader, kind: Piece['kind'], text?: string): string | undefined => {
  const piece = reader.pieces[reader.at];
  if (piece?.kind !== kind || (text !== undefined && piece.text !== text)) return undefined;
  reader.at += 1;
  return piece.text;
};

const DEEPEST = 5;

function term(reader: Reader, depth: number): Measure | undefined {
  let sum: Measure | undefined = take(reader, 'operator', '/') ? per(component(reader, depth)) : component(reader, depth);
  while (sum) {
    if (take(reader, 'operator', '.')) sum = product(sum, component(reader, depth));
    else if (take(reader, 'operator', '/')) sum = product(sum, per(component(reader, depth)));
    else return sum;
  }
  return undefined;
}

function component(reader: Reader, depth: number): Measure | undefined {
  if (take(reader, 'operator', '(')) {
    const inner = depth < DEEPEST ? term(reader, depth + 1) : undefined;
    return take(reader, 'operator', ')') ? inner : undefined;
  }
  const symbol = take(reader, 'symbol');
  const digits = take(reader, 'digits');
  if (symbol === undefined) return digits !== undefined && /^[1-9]\d*$/.test(digits) ? { ...NUMBER, scale: ratio(digits) } : undefined;
  const measure = simple(symbol);
  if (digits === undefined || !measure) return measure;
  const exponent = Number(digits);
  return measure.zero || Math.abs(exponent) > GREATEST_POWER ? undefined : raised(measure, exponent);
}

/** A symbol as it stands, else as a prefix and a metric one. */
function simple(symbol: string): Measure | undefined {
  const atom = ATOMS.get(symbol);
  if (atom) return ofAtom(symbol, atom);
  for (const length of [1, 2]) {
    const [exponent, rest] = [PREFIXES.get(symbol.slice(0, length)), symbol.slice(length)];
    const prefixed = exponent === undefined ? undefined : ATOMS.get(rest);
    if (prefixed?.metric) return product(ofAtom(rest, prefixed), { ...NUMBER, scale: power(ratio('10'), exponent!) });
  }
  return undefined;
}

function ofAtom(symbol: string, { scale, unit, zero }: Atom): Measure {
  if (unit === undefined) return { scale: ratio(scale), dimensions: new Map([[symbol, 1]]) };
  const { scale: factor, dimensions } = measureOf(unit)!;
  return { scale: times(ratio(scale), factor), dimensions, ...(zero !== undefined && { zero: ratio(zero) }) };
}

const per = (measure: Measure | undefined): Measure | undefined => measure && (measure.zero ? undefined : raised(measure, -1));

function product(a: Measure, b: Measure | undefined): Measure | undefined {
  if (!b || a.zero || b.zero) return undefined;
  const dimensions = new Map(a.dimensions);
  for (const [base, exponent] of b.dimensions) dimensions.set(base, (dimensions.get(base) ?? 0) + exponent);
  return { scale: times(a.scale, b.scale), dimensions: withoutZeros(dimensions) };
}

const raised = ({ scale, dimensions }: Measure, exponent: number): Measure => ({
  scale: power(scale, exponent),
  dimensions: withoutZeros(new Map([...dimensions].map(([base, own]) => [base, own * exponent]))),
});

const withoutZeros = (dimensions: Dimensions): Dimensions => new Map([...dimensions].filter(([, exponent]) => exponent !== 0));
