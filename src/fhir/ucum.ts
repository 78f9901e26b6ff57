// Converts UCUM units exactly to the base unit of their dimension, so that 5.4 mmol/L equals 5400 umol/L.
// https://ucum.org/ucum (grammar: §§5-12), https://hl7.org/fhir/R4/datatypes.html#quantity
import type { Decimal } from './decimal.ts';
import {
  addFractions,
  type Fraction,
  formatFraction,
  multiplyFractions,
  ONE_FRACTION,
  parseFraction,
  raiseFraction,
  toFraction,
} from './fraction.ts';
import { UCUM_ATOMS, UCUM_PREFIXES, type UcumAtom } from './ucum-atoms.ts';

/** The system of UCUM in FHIR. https://hl7.org/fhir/R4/ucum.html */
export const UCUM_SYSTEM = 'http://unitsofmeasure.org';

/** Base unit → exponent, without zero exponents. */
type Dimensions = ReadonlyMap<string, number>;

interface UnitMeasure {
  scale: Fraction;
  dimensions: Dimensions;
  /** The zero point, if it is not 0 (temperatures). Such a unit cannot be part of another unit. */
  zero?: Fraction;
}

/** A unit whose values can be converted to base units. Two units are comparable if they have the same `dimension`. */
interface UcumUnit {
  dimension: string;
  /** Converts a value to base units, as a decimal text of at most 40 digits. */
  toCanonical(value: Decimal): string;
}

const DIMENSIONLESS: UnitMeasure = { scale: ONE_FRACTION, dimensions: new Map() };
/** Longer codes are not converted. */
const MAX_CODE_LENGTH = 64;
/** Greater exponents are not converted, because they would take long to compute. */
const MAX_EXPONENT = 30;

/** The size of the cache is limited, because clients send the codes. */
const MAX_CACHED_UNITS = 2000;
const unitCache = new Map<string, UcumUnit | undefined>();

/** The unit of a UCUM code. Undefined: the unit is not supported. */
export function findUcumUnit(code: string): UcumUnit | undefined {
  if (code.length > MAX_CODE_LENGTH) return undefined;
  if (unitCache.has(code)) return unitCache.get(code);
  const measure = parseUnit(code);
  const unit = measure && { dimension: formatDimensions(measure.dimensions), toCanonical: buildConversion(measure) };
  if (unitCache.size < MAX_CACHED_UNITS) unitCache.set(code, unit);
  return unit;
}

const formatDimensions = (dimensions: Dimensions): string =>
  [...dimensions]
    .map(([base, exponent]) => `${base}${exponent}`)
    .sort()
    .join('.') || '1';

const buildConversion =
  ({ scale, zero }: UnitMeasure) =>
  (value: Decimal): string =>
    formatFraction(multiplyFractions(zero ? addFractions(toFraction(value), zero) : toFraction(value), scale));

/** Square brackets are matched first, because digits inside them are not exponents. */
const PIECE = /(\{[^{}]*\})|([./()])|(10[*^]|(?:\[[^\]\s]*\]|[A-Za-z%_'])+)|([+-]?\d+)/y;

/** A token of a code: an operator or bracket, a symbol, or digits. Annotations do not affect the unit. */
interface UcumToken {
  kind: 'operator' | 'symbol' | 'digits';
  text: string;
}

function tokenizeUnit(code: string): UcumToken[] | undefined {
  const tokens: UcumToken[] = [];
  for (let at = 0; at < code.length; ) {
    PIECE.lastIndex = at;
    const [all, annotation, operator, symbol, digits] = PIECE.exec(code) ?? [];
    if (all === undefined) return undefined;
    at += all.length;
    if (operator !== undefined) tokens.push({ kind: 'operator', text: operator });
    else if (symbol !== undefined) tokens.push({ kind: 'symbol', text: symbol });
    else if (digits !== undefined) tokens.push({ kind: 'digits', text: digits });
    else if (annotation !== undefined && !/[^./(]/.test(code.slice(at - all.length - 1, at - all.length)))
      tokens.push({ kind: 'digits', text: '1' });
  }
  return tokens;
}

/** Parses from left to right: `a/b.c` is (a/b).c. */
function parseUnit(code: string): UnitMeasure | undefined {
  const tokens = tokenizeUnit(code);
  if (!tokens?.length) return undefined;
  const reader = { tokens, at: 0 };
  const measure = parseTerm(reader, 0);
  return reader.at === tokens.length ? measure : undefined;
}

interface UnitReader {
  tokens: readonly UcumToken[];
  at: number;
}

const takeToken = (reader: UnitReader, kind: UcumToken['kind'], text?: string): string | undefined => {
  const token = reader.tokens[reader.at];
  if (token?.kind !== kind || (text !== undefined && token.text !== text)) return undefined;
  reader.at += 1;
  return token.text;
};

const MAX_DEPTH = 5;

function parseTerm(reader: UnitReader, depth: number): UnitMeasure | undefined {
  let measure: UnitMeasure | undefined = takeToken(reader, 'operator', '/')
    ? invertMeasure(parseComponent(reader, depth))
    : parseComponent(reader, depth);
  while (measure) {
    if (takeToken(reader, 'operator', '.')) measure = multiplyMeasures(measure, parseComponent(reader, depth));
    else if (takeToken(reader, 'operator', '/')) measure = multiplyMeasures(measure, invertMeasure(parseComponent(reader, depth)));
    else return measure;
  }
  return undefined;
}

function parseComponent(reader: UnitReader, depth: number): UnitMeasure | undefined {
  if (takeToken(reader, 'operator', '(')) {
    const inner = depth < MAX_DEPTH ? parseTerm(reader, depth + 1) : undefined;
    return takeToken(reader, 'operator', ')') ? inner : undefined;
  }
  const symbol = takeToken(reader, 'symbol');
  const digits = takeToken(reader, 'digits');
  if (symbol === undefined)
    return digits !== undefined && /^[1-9]\d*$/.test(digits) ? { ...DIMENSIONLESS, scale: parseFraction(digits) } : undefined;
  const measure = parseSymbol(symbol);
  if (digits === undefined || !measure) return measure;
  const exponent = Number(digits);
  return measure.zero || Math.abs(exponent) > MAX_EXPONENT ? undefined : raiseMeasure(measure, exponent);
}

/** A symbol of the table, or a prefix with a metric symbol. */
function parseSymbol(symbol: string): UnitMeasure | undefined {
  const atom = UCUM_ATOMS.get(symbol);
  if (atom) return toAtomMeasure(symbol, atom);
  for (const length of [1, 2]) {
    const [exponent, rest] = [UCUM_PREFIXES.get(symbol.slice(0, length)), symbol.slice(length)];
    const prefixed = exponent === undefined ? undefined : UCUM_ATOMS.get(rest);
    if (prefixed?.metric)
      return multiplyMeasures(toAtomMeasure(rest, prefixed), { ...DIMENSIONLESS, scale: raiseFraction(parseFraction('10'), exponent!) });
  }
  return undefined;
}

function toAtomMeasure(symbol: string, { scale, unit, zero }: UcumAtom): UnitMeasure {
  if (unit === undefined) return { scale: parseFraction(scale), dimensions: new Map([[symbol, 1]]) };
  const { scale: factor, dimensions } = parseUnit(unit)!;
  return { scale: multiplyFractions(parseFraction(scale), factor), dimensions, ...(zero !== undefined && { zero: parseFraction(zero) }) };
}

const invertMeasure = (measure: UnitMeasure | undefined): UnitMeasure | undefined =>
  measure && (measure.zero ? undefined : raiseMeasure(measure, -1));

function multiplyMeasures(a: UnitMeasure, b: UnitMeasure | undefined): UnitMeasure | undefined {
  if (!b || a.zero || b.zero) return undefined;
  const dimensions = new Map(a.dimensions);
  for (const [base, exponent] of b.dimensions) dimensions.set(base, (dimensions.get(base) ?? 0) + exponent);
  return { scale: multiplyFractions(a.scale, b.scale), dimensions: removeZeroExponents(dimensions) };
}

const raiseMeasure = ({ scale, dimensions }: UnitMeasure, exponent: number): UnitMeasure => ({
  scale: raiseFraction(scale, exponent),
  dimensions: removeZeroExponents(new Map([...dimensions].map(([base, own]) => [base, own * exponent]))),
});

const removeZeroExponents = (dimensions: Dimensions): Dimensions => new Map([...dimensions].filter(([, exponent]) => exponent !== 0));
