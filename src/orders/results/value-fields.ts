// Converts a reported value to FHIR, digits unchanged: a number, one with a comparator, a titer, a range, a coded value, or a text.
// https://docs.junction.com/lab/results/result-formats, https://hl7.org/fhir/R4/observation-definitions.html#Observation.value_x_

import { toReportedText } from '../../junction/json-fields.ts';
import type { View } from '../../mapping/shape.ts';

/** A number that keeps its digits: a JavaScript number if that formats alike, else raw JSON. */
type ExactNumber = number | RawJson;

const NUMBER = /^-?(?:0|[1-9]\d{0,40})?(?:\.\d{1,40})?$/;

/** Undefined if it is not a plain decimal. A leading point gets the zero that JSON requires. */
export function parseExactNumber(text: string): ExactNumber | undefined {
  if (!NUMBER.test(text) || !/\d$/.test(text)) return undefined;
  const digits = text.replace(/^(-?)\./, '$10.');
  return String(Number(digits)) === digits ? Number(digits) : JSON.rawJSON(digits);
}

/** As printed → FHIR. https://hl7.org/fhir/R4/valueset-quantity-comparator.html */
const COMPARATORS: Record<string, string> = { '<': '<', '>': '>', '<=': '<=', '>=': '>=', '≤': '<=', '≥': '>=', '=<': '<=', '=>': '>=' };
const COMPARED = /^(<=|>=|=<|=>|<|>|≤|≥)\s*(\S+)$/;
/** `<1:40` */
const TITER = /^(<=|>=|=<|=>|<|>|≤|≥)?\s*(\d+)\s*:\s*(\d+)$/;
const RANGE = /^(-?[\d.]+)\s*(?:-|–|to)\s*(-?[\d.]+)$/;
/** https://hl7.org/fhir/R4/datatypes.html#code */
const CODE = /^\S+(?: \S+)*$/;

/** A laboratory's unit, and its UCUM code if known. */
export interface Unit {
  unit: string | undefined;
  ucum: string | undefined;
}

/** All value fields of mappings/junction/biomarker.yaml, so that a former value of another type is removed. */
export function toValueFields(type: string | undefined, result: unknown, unit: Unit): View {
  const text = toReportedText(result);
  if (text === undefined) return { ...NO_VALUE, absent: 'unknown' };
  if (type === 'comment') return { ...NO_VALUE, text };
  if (type === 'coded_value')
    return { ...NO_VALUE, coded_text: text, coded_finding: toLetters(text), ...(CODE.test(text) && { coded_value: text }) };
  return { ...NO_VALUE, ...(parseMeasuredValue(text, unit) ?? { text: unit.unit === undefined ? text : `${text} ${unit.unit}` }) };
}

/** `Non-Reactive` is `nonreactive`. */
const toLetters = (text: string): string => text.toLowerCase().replace(/[\s_-]+/g, '');

const NO_VALUE = Object.fromEntries(
  [
    ...['number', 'comparator', 'unit', 'ucum', 'from', 'from_unit', 'from_ucum', 'to', 'to_unit', 'to_ucum'],
    ...['titer_from', 'titer_comparator', 'titer_unit', 'titer_to'],
    ...['text', 'coded_value', 'coded_finding', 'coded_text', 'absent'],
  ].map((name) => [name, undefined]),
);

export const toAbsentFields = (absent: string): View => ({ ...NO_VALUE, absent });

function parseMeasuredValue(text: string, { unit, ucum }: Unit): View | undefined {
  const number = parseExactNumber(text);
  if (number !== undefined) return { number, unit, ucum };
  const [, sign, digits = ''] = COMPARED.exec(text) ?? [];
  const bound = sign === undefined ? undefined : parseExactNumber(digits);
  if (bound !== undefined) return { number: bound, comparator: COMPARATORS[sign!], unit, ucum };
  const titer = parseTiter(text, unit);
  if (titer) return titer;
  const [, from = '', to = ''] = RANGE.exec(text) ?? [];
  const [low, high] = [parseExactNumber(from), parseExactNumber(to)];
  if (low === undefined || high === undefined || Number(from) > Number(to)) return undefined;
  return { from: low, from_unit: unit, from_ucum: ucum, to: high, to_unit: unit, to_ucum: ucum };
}

function parseTiter(text: string, unit: string | undefined): View | undefined {
  const [, sign, dilution = '', of = ''] = TITER.exec(text) ?? [];
  const [from, to] = [parseExactNumber(dilution), parseExactNumber(of)];
  if (from === undefined || to === undefined) return undefined;
  return { titer_from: from, titer_comparator: sign && COMPARATORS[sign], titer_unit: unit, titer_to: to };
}

/** FHIR's bounds are inclusive: a bound is written only where the text shows that it is. https://hl7.org/fhir/R4/datatypes.html#Range */
const INCLUSIVE_BOUNDS: [text: RegExp, bounds: ('low' | 'high')[]][] = [
  [/^-?[\d.]+\s*(?:-|–|to)\s*-?[\d.]+/i, ['low', 'high']],
  [/^(?:>=|≥|=>|>\s*or\s*=)\s*-?[\d.]+/i, ['low']],
  [/^(?:<=|≤|=<|<\s*or\s*=)\s*-?[\d.]+/i, ['high']],
];

/** The fields of the reference range: its text, and the inclusive bounds. `min`, `max`: as reported. */
export function toReferenceRangeFields({ range, min, max }: { range: unknown; min: unknown; max: unknown }, { unit, ucum }: Unit): View {
  const text = toReportedText(range);
  const [low, high] = [min, max].map((bound) =>
    bound === null || bound === undefined ? undefined : parseExactNumber(toReportedText(bound) ?? ''),
  );
  const included = INCLUSIVE_BOUNDS.find(([pattern]) => pattern.test(text ?? ''))?.[1] ?? [];
  const bound = (name: 'low' | 'high', value: ExactNumber | undefined): View =>
    value !== undefined && included.includes(name)
      ? { [name]: value, [`${name}_unit`]: unit, [`${name}_ucum`]: ucum }
      : { [name]: undefined, [`${name}_unit`]: undefined, [`${name}_ucum`]: undefined };
  return { reference_range: text ?? formatBounds(low, high), ...bound('low', low), ...bound('high', high) };
}

/** For bounds without a text, whose inclusiveness is unknown: they are only part of the text. */
function formatBounds(low: ExactNumber | undefined, high: ExactNumber | undefined): string | undefined {
  const [from, to] = [low, high].map((value) => toReportedText(value));
  if (from !== undefined && to !== undefined) return `${from} - ${to}`;
  return from !== undefined ? `from ${from}` : to && `up to ${to}`;
}
