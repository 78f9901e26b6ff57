// The error-level constraints of R4's datatypes, by key. https://hl7.org/fhir/R4/datatypes.html, https://hl7.org/fhir/R4/metadatatypes.html

import { type Element, toList } from '../../json-values.ts';
import { hasNarrativeContent, isSafeNarrative } from '../narrative.ts';
import { hasChoiceElement, hasElement, type InvariantPredicate, mayBeAtMost, mayPrecede } from './element.ts';

const UCUM = 'http://unitsofmeasure.org';
const MEALS = ['C', 'CM', 'CD', 'CV'];

const hasCodeForValue: InvariantPredicate = (quantity) => hasElement(quantity, 'code') || !hasElement(quantity, 'value');
const isUcum: InvariantPredicate = (quantity) => !hasElement(quantity, 'system') || quantity.system === UCUM;
/** True if the value is not a number, because it may have extensions only. */
const testNumber = (quantity: Element, test: (value: number) => boolean): boolean =>
  typeof quantity.value !== 'number' || test(quantity.value);
/** `name` needs `other`. */
const requireOther =
  (name: string, other: string): InvariantPredicate =>
  (element) =>
    !hasElement(element, name) || hasElement(element, other);
const requireNotNegative =
  (name: string): InvariantPredicate =>
  (element) =>
    typeof element[name] !== 'number' || element[name] >= 0;
const hasPathOrSearchParam: InvariantPredicate = (filter) => hasElement(filter, 'path') !== hasElement(filter, 'searchParam');

/** An element has a value or content in addition to its id. https://hl7.org/fhir/R4/element.html */
function hasContentBesideId(element: Element): boolean {
  for (const name in element) if (name !== 'id') return true;
  return false;
}

/** Key → predicate. Its argument is the element that has the constraint. */
export const DATATYPE_INVARIANTS: Record<string, InvariantPredicate> = {
  'ele-1': hasContentBesideId,
  'ext-1': (extension) => hasElement(extension, 'extension') !== hasChoiceElement(extension, 'value'),
  'txt-1': (div: unknown) => typeof div === 'string' && isSafeNarrative(div),
  'txt-2': (div: unknown) => typeof div === 'string' && hasNarrativeContent(div),
  'att-1': requireOther('data', 'contentType'),
  'cpt-2': requireOther('value', 'system'),
  'exp-1': (expression) => hasElement(expression, 'expression') || hasElement(expression, 'reference'),
  'per-1': (period) => mayPrecede(period.start, period.end),
  'qty-3': requireOther('code', 'system'),
  'sqty-1': (quantity) => !hasElement(quantity, 'comparator'),
  'age-1': (age, root) => hasCodeForValue(age, root) && isUcum(age, root) && testNumber(age, (value) => value > 0),
  'cnt-3': (count, root) =>
    hasCodeForValue(count, root) &&
    isUcum(count, root) &&
    (!hasElement(count, 'code') || count.code === '1') &&
    testNumber(count, Number.isInteger),
  'dis-1': (distance, root) => hasCodeForValue(distance, root) && isUcum(distance, root),
  'drt-1': (duration) => !hasElement(duration, 'code') || (duration.system === UCUM && hasElement(duration, 'value')),
  'rng-2': (range) => mayBeAtMost(range.low, range.high),
  'rat-1': (ratio) =>
    hasElement(ratio, 'numerator') === hasElement(ratio, 'denominator') &&
    (hasElement(ratio, 'numerator') || hasElement(ratio, 'extension')),
  'tim-1': requireOther('duration', 'durationUnit'),
  'tim-2': requireOther('period', 'periodUnit'),
  'tim-4': requireNotNegative('duration'),
  'tim-5': requireNotNegative('period'),
  'tim-6': requireOther('periodMax', 'period'),
  'tim-7': requireOther('durationMax', 'duration'),
  'tim-8': requireOther('countMax', 'count'),
  'tim-9': (repeat) =>
    !hasElement(repeat, 'offset') ||
    (hasElement(repeat, 'when') && !toList(repeat.when).some((when) => MEALS.some((meal) => meal === when))),
  'tim-10': (repeat) => !hasElement(repeat, 'timeOfDay') || !hasElement(repeat, 'when'),
  'drq-1': hasPathOrSearchParam,
  'drq-2': hasPathOrSearchParam,
  'trd-1': (trigger) => !hasElement(trigger, 'data') || !hasChoiceElement(trigger, 'timing'),
  'trd-2': requireOther('condition', 'data'),
  'trd-3': (trigger) =>
    (trigger.type !== 'named-event' || hasElement(trigger, 'name')) &&
    (trigger.type !== 'periodic' || hasChoiceElement(trigger, 'timing')) &&
    (!DATA_EVENT.test(toText(trigger.type)) || hasElement(trigger, 'data')),
};

const DATA_EVENT = /^data-/;

const toText = (value: unknown): string => (typeof value === 'string' ? value : '');
