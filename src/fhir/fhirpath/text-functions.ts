// The functions of FHIRPath on texts and numbers, and conversions between them. https://hl7.org/fhirpath/N1/#string-manipulation, #conversion, #math
import type { FhirPathFunction } from './evaluator.ts';
import { buildNode, type Collection, EMPTY, type FhirPathNode, toBooleanCollection } from './node.ts';
import { readSingleton } from './operators.ts';

type Argument = unknown;

/** A function on one text. If the text or an argument is empty, the result is empty. */
const defineTextFunction = (count: number, apply: (text: string, args: Argument[]) => Collection, optional = 0): FhirPathFunction => ({
  minArguments: count - optional,
  maxArguments: count,
  build: (args) => (focus, scope) => {
    const value = readSingleton(focus)?.value;
    if (value === undefined) return EMPTY;
    if (typeof value !== 'string') throw new Error('a text is expected');
    const given = args.map((arg) => readSingleton(arg(scope.self, scope))?.value);
    return given.includes(undefined) ? EMPTY : apply(value, given);
  },
});

const defineNumberFunction = (apply: (value: number) => number): FhirPathFunction => ({
  minArguments: 0,
  maxArguments: 0,
  build: () => (focus) => {
    const value = readSingleton(focus)?.value;
    if (value === undefined) return EMPTY;
    if (typeof value !== 'number') throw new Error('a number is expected');
    return toNumberCollection(apply(value));
  },
});

const toStringCollection = (value: string): Collection => [buildNode('String', value)];
const toNumberCollection = (value: number): Collection => [buildNode(Number.isInteger(value) ? 'Integer' : 'Decimal', value)];

/** Type → the conversion of a value. Undefined: the value cannot be converted. */
const TYPE_CONVERSIONS: Readonly<Record<string, (value: unknown) => unknown>> = {
  String: (value) => (typeof value === 'object' ? undefined : String(value)),
  Integer: (value) =>
    /^[+-]?\d+$/.test(String(Number.isInteger(value) || typeof value === 'string' ? value : '')) ? Number(value) : toBooleanNumber(value),
  Decimal: (value) => (typeof value === 'number' || /^[+-]?\d+(?:\.\d+)?$/.test(String(value)) ? Number(value) : toBooleanNumber(value)),
  Boolean: (value) => BOOLEAN_TEXTS[String(value).toLowerCase()],
  Date: (value) => (/^\d{4}(?:-\d\d){0,2}(?:T.*)?$/.test(String(value)) ? String(value).slice(0, 10) : undefined),
  DateTime: (value) => (/^\d{4}(?:-\d\d){0,2}(?:T.*)?$/.test(String(value)) ? value : undefined),
};

const BOOLEAN_TEXTS: Readonly<Record<string, boolean>> = {
  true: true,
  t: true,
  yes: true,
  y: true,
  1: true,
  false: false,
  f: false,
  no: false,
  n: false,
  0: false,
};
const toBooleanNumber = (value: unknown): number | undefined => (typeof value === 'boolean' ? Number(value) : undefined);

const defineConversions = (type: string, convert: (value: unknown) => unknown): [string, FhirPathFunction][] => {
  const defineConversion = (apply: (node: FhirPathNode) => Collection): FhirPathFunction => ({
    minArguments: 0,
    maxArguments: 0,
    build: () => (focus) => {
      const node = readSingleton(focus);
      return node?.value === undefined ? EMPTY : apply(node);
    },
  });
  const convertNode = ({ value }: FhirPathNode): Collection => {
    const converted = convert(value);
    return converted === undefined ? EMPTY : [buildNode(type, converted)];
  };
  return [
    [`to${type}`, defineConversion(convertNode)],
    [`convertsTo${type}`, defineConversion((node) => toBooleanCollection(convertNode(node).length > 0))],
  ];
};

export const TEXT_FUNCTIONS: Readonly<Record<string, FhirPathFunction>> = {
  length: defineTextFunction(0, (value) => toNumberCollection(value.length)),
  upper: defineTextFunction(0, (value) => toStringCollection(value.toUpperCase())),
  lower: defineTextFunction(0, (value) => toStringCollection(value.toLowerCase())),
  trim: defineTextFunction(0, (value) => toStringCollection(value.trim())),
  toChars: defineTextFunction(0, (value) => [...value].flatMap(toStringCollection)),
  startsWith: defineTextFunction(1, (value, [start]) => toBooleanCollection(value.startsWith(String(start)))),
  endsWith: defineTextFunction(1, (value, [end]) => toBooleanCollection(value.endsWith(String(end)))),
  contains: defineTextFunction(1, (value, [part]) => toBooleanCollection(value.includes(String(part)))),
  indexOf: defineTextFunction(1, (value, [part]) => toNumberCollection(value.indexOf(String(part)))),
  substring: defineTextFunction(
    2,
    (value, [start, length]) => {
      const from = Number(start);
      return from < 0 || from >= value.length
        ? EMPTY
        : toStringCollection(value.slice(from, length === undefined ? undefined : from + Number(length)));
    },
    1,
  ),
  replace: defineTextFunction(2, (value, [pattern, by]) => toStringCollection(value.replaceAll(String(pattern), () => String(by)))),
  matches: defineTextFunction(1, (value, [pattern]) => toBooleanCollection(compilePattern(String(pattern)).test(value))),
  replaceMatches: defineTextFunction(2, (value, [pattern, by]) =>
    toStringCollection(value.replace(compilePattern(String(pattern), 'g'), String(by))),
  ),
  split: defineTextFunction(1, (value, [separator]) => value.split(String(separator)).flatMap(toStringCollection)),
  abs: defineNumberFunction(Math.abs),
  ceiling: defineNumberFunction(Math.ceil),
  floor: defineNumberFunction(Math.floor),
  truncate: defineNumberFunction(Math.trunc),
  ...Object.fromEntries(Object.entries(TYPE_CONVERSIONS).flatMap(([type, convert]) => defineConversions(type, convert))),
};

const COMPILED_PATTERNS = new Map<string, RegExp>();
const MAX_COMPILED_PATTERNS = 1000;

/** Compiles a regular expression, with a cache. The expressions come from loaded definitions, so there are few of them. */
function compilePattern(pattern: string, flags = ''): RegExp {
  const key = `${flags} ${pattern}`;
  const known = COMPILED_PATTERNS.get(key);
  if (known) return known;
  if (COMPILED_PATTERNS.size > MAX_COMPILED_PATTERNS) COMPILED_PATTERNS.clear();
  const compiled = new RegExp(pattern, `${flags}s`);
  COMPILED_PATTERNS.set(key, compiled);
  return compiled;
}
