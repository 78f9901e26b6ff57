// The functions of FHIRPath on texts and numbers, and conversions between them. https://hl7.org/fhirpath/N1/#string-manipulation, #conversion, #math
import type { FhirPathFunction } from './evaluation.ts';
import { NONE, type Node, type Nodes, nodeOf, truth } from './node.ts';
import { singleton } from './operators.ts';

type Argument = string | number | undefined;

/** One text with arguments of one value each; nothing on any side is nothing. */
const onText = (count: number, apply: (text: string, args: Argument[]) => Nodes, optional = 0): FhirPathFunction => ({
  least: count - optional,
  most: count,
  of: (args) => (focus, scope) => {
    const value = singleton(focus)?.value;
    if (value === undefined) return NONE;
    if (typeof value !== 'string') throw new Error('a text is expected');
    const given = args.map((arg) => singleton(arg(scope.self, scope))?.value as Argument);
    return given.includes(undefined) ? NONE : apply(value, given);
  },
});

const onNumber = (apply: (value: number) => number): FhirPathFunction => ({
  least: 0,
  most: 0,
  of: () => (focus) => {
    const value = singleton(focus)?.value;
    if (value === undefined) return NONE;
    if (typeof value !== 'number') throw new Error('a number is expected');
    return number(apply(value));
  },
});

const text = (value: string): Nodes => [nodeOf('String', value)];
const number = (value: number): Nodes => [nodeOf(Number.isInteger(value) ? 'Integer' : 'Decimal', value)];

/** One value as another type; undefined when it is none. */
const CONVERSIONS: Readonly<Record<string, (value: unknown) => unknown>> = {
  String: (value) => (typeof value === 'object' ? undefined : String(value)),
  Integer: (value) =>
    /^[+-]?\d+$/.test(String(Number.isInteger(value) || typeof value === 'string' ? value : '')) ? Number(value) : truthNumber(value),
  Decimal: (value) => (typeof value === 'number' || /^[+-]?\d+(?:\.\d+)?$/.test(String(value)) ? Number(value) : truthNumber(value)),
  Boolean: (value) => TRUTHS[String(value).toLowerCase()],
  Date: (value) => (/^\d{4}(?:-\d\d){0,2}(?:T.*)?$/.test(String(value)) ? String(value).slice(0, 10) : undefined),
  DateTime: (value) => (/^\d{4}(?:-\d\d){0,2}(?:T.*)?$/.test(String(value)) ? value : undefined),
};

const TRUTHS: Readonly<Record<string, boolean>> = {
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
const truthNumber = (value: unknown): number | undefined => (typeof value === 'boolean' ? Number(value) : undefined);

const converting = (type: string, convert: (value: unknown) => unknown): [string, FhirPathFunction][] => {
  const of = (apply: (node: Node) => Nodes): FhirPathFunction => ({
    least: 0,
    most: 0,
    of: () => (focus) => {
      const node = singleton(focus);
      return node?.value === undefined ? NONE : apply(node);
    },
  });
  const converted = ({ value }: Node): Nodes => {
    const made = convert(value);
    return made === undefined ? NONE : [nodeOf(type, made)];
  };
  return [
    [`to${type}`, of(converted)],
    [`convertsTo${type}`, of((node) => truth(converted(node).length > 0))],
  ];
};

export const TEXT_FUNCTIONS: Readonly<Record<string, FhirPathFunction>> = {
  length: onText(0, (value) => number(value.length)),
  upper: onText(0, (value) => text(value.toUpperCase())),
  lower: onText(0, (value) => text(value.toLowerCase())),
  trim: onText(0, (value) => text(value.trim())),
  toChars: onText(0, (value) => [...value].flatMap(text)),
  startsWith: onText(1, (value, [start]) => truth(value.startsWith(String(start)))),
  endsWith: onText(1, (value, [end]) => truth(value.endsWith(String(end)))),
  contains: onText(1, (value, [part]) => truth(value.includes(String(part)))),
  indexOf: onText(1, (value, [part]) => number(value.indexOf(String(part)))),
  substring: onText(
    2,
    (value, [start, length]) => {
      const from = Number(start);
      return from < 0 || from >= value.length ? NONE : text(value.slice(from, length === undefined ? undefined : from + Number(length)));
    },
    1,
  ),
  replace: onText(2, (value, [pattern, by]) => text(value.replaceAll(String(pattern), () => String(by)))),
  matches: onText(1, (value, [pattern]) => truth(expressionOf(String(pattern)).test(value))),
  replaceMatches: onText(2, (value, [pattern, by]) => text(value.replace(expressionOf(String(pattern), 'g'), String(by)))),
  split: onText(1, (value, [separator]) => value.split(String(separator)).flatMap(text)),
  abs: onNumber(Math.abs),
  ceiling: onNumber(Math.ceil),
  floor: onNumber(Math.floor),
  truncate: onNumber(Math.trunc),
  ...Object.fromEntries(Object.entries(CONVERSIONS).flatMap(([type, convert]) => converting(type, convert))),
};

const EXPRESSIONS = new Map<string, RegExp>();
const MOST_EXPRESSIONS = 1000;

/** Regular expressions come from definitions an operator loads, so there are few of them. */
function expressionOf(pattern: string, flags = ''): RegExp {
  const key = `${flags} ${pattern}`;
  const known = EXPRESSIONS.get(key);
  if (known) return known;
  if (EXPRESSIONS.size > MOST_EXPRESSIONS) EXPRESSIONS.clear();
  const made = new RegExp(pattern, `${flags}s`);
  EXPRESSIONS.set(key, made);
  return made;
}
