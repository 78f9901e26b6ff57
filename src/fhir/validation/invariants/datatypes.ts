// The error-level constraints of R4's datatypes, by key. https://hl7.org/fhir/R4/datatypes.html, https://hl7.org/fhir/R4/metadatatypes.html

import type { Element } from '../../element.ts';
import { listOf } from '../../json-values.ts';
import { hasContent, isSafe } from '../narrative.ts';
import { has, hasChoice, mayBeAtMost, mayPrecede, type Predicate } from './element.ts';

const UCUM = 'http://unitsofmeasure.org';
const MEALS = ['C', 'CM', 'CD', 'CV'];

const codedValue: Predicate = (quantity) => has(quantity, 'code') || !has(quantity, 'value');
const inUcum: Predicate = (quantity) => !has(quantity, 'system') || quantity.system === UCUM;
/** Holds when there is no number, too: an extension may stand in its place. */
const numberIs = (quantity: Element, test: (value: number) => boolean): boolean =>
  typeof quantity.value !== 'number' || test(quantity.value);
/** `name` needs `other`. */
const needs =
  (name: string, other: string): Predicate =>
  (element) =>
    !has(element, name) || has(element, other);
const notNegative =
  (name: string): Predicate =>
  (element) =>
    typeof element[name] !== 'number' || element[name] >= 0;
const oneOfTwo: Predicate = (filter) => has(filter, 'path') !== has(filter, 'searchParam');

/** An element has a value or content: an id alone says nothing. https://hl7.org/fhir/R4/element.html */
function isFilled(element: Element): boolean {
  for (const name in element) if (name !== 'id') return true;
  return false;
}

/** Key → predicate; the element is the one the constraint stands on. */
export const DATATYPE_INVARIANTS: Record<string, Predicate> = {
  'ele-1': isFilled,
  'ext-1': (extension) => has(extension, 'extension') !== hasChoice(extension, 'value'),
  'txt-1': (div: unknown) => typeof div === 'string' && isSafe(div),
  'txt-2': (div: unknown) => typeof div === 'string' && hasContent(div),
  'att-1': needs('data', 'contentType'),
  'cpt-2': needs('value', 'system'),
  'exp-1': (expression) => has(expression, 'expression') || has(expression, 'reference'),
  'per-1': (period) => mayPrecede(period.start, period.end),
  'qty-3': needs('code', 'system'),
  'sqty-1': (quantity) => !has(quantity, 'comparator'),
  'age-1': (age, root) => codedValue(age, root) && inUcum(age, root) && numberIs(age, (value) => value > 0),
  'cnt-3': (count, root) =>
    codedValue(count, root) && inUcum(count, root) && (!has(count, 'code') || count.code === '1') && numberIs(count, Number.isInteger),
  'dis-1': (distance, root) => codedValue(distance, root) && inUcum(distance, root),
  'drt-1': (duration) => !has(duration, 'code') || (duration.system === UCUM && has(duration, 'value')),
  'rng-2': (range) => mayBeAtMost(range.low, range.high),
  'rat-1': (ratio) => has(ratio, 'numerator') === has(ratio, 'denominator') && (has(ratio, 'numerator') || has(ratio, 'extension')),
  'tim-1': needs('duration', 'durationUnit'),
  'tim-2': needs('period', 'periodUnit'),
  'tim-4': notNegative('duration'),
  'tim-5': notNegative('period'),
  'tim-6': needs('periodMax', 'period'),
  'tim-7': needs('durationMax', 'duration'),
  'tim-8': needs('countMax', 'count'),
  'tim-9': (repeat) =>
    !has(repeat, 'offset') || (has(repeat, 'when') && !listOf(repeat.when).some((when) => MEALS.includes(when as string))),
  'tim-10': (repeat) => !has(repeat, 'timeOfDay') || !has(repeat, 'when'),
  'drq-1': oneOfTwo,
  'drq-2': oneOfTwo,
  'trd-1': (trigger) => !has(trigger, 'data') || !hasChoice(trigger, 'timing'),
  'trd-2': needs('condition', 'data'),
  'trd-3': (trigger) =>
    (trigger.type !== 'named-event' || has(trigger, 'name')) &&
    (trigger.type !== 'periodic' || hasChoice(trigger, 'timing')) &&
    (!DATA_EVENT.test(textOf(trigger.type)) || has(trigger, 'data')),
};

const DATA_EVENT = /^data-/;

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
