// The rules of fixed[x], pattern[x], minValue[x], maxValue[x] and maxLength. https://hl7.org/fhir/R4/elementdefinition.html
import { isDeepStrictEqual } from 'node:util';
import { compareNodes } from '../fhirpath/compare.ts';
import { buildNode } from '../fhirpath/node.ts';
import { isElement } from '../json-values.ts';
import { buildFault } from '../validation/schema-rule.ts';
import type { ElementDefinition } from './definition.ts';
import { buildTestRule, combineRules, type ElementItem, type ItemRule } from './rule.ts';

/** The value of `fixedCode`, `patternCodeableConcept` …, and its type from the name. Undefined: the element has no such value. */
export function findTypedValue(definition: ElementDefinition, prefix: string): { type: string; value: unknown } | undefined {
  const name = Object.keys(definition).find((key) => key.startsWith(prefix) && /^[A-Z]/.test(key.slice(prefix.length)));
  return name === undefined ? undefined : { type: name.slice(prefix.length), value: definition[name] };
}

/** The test of `fixed[x]` or `pattern[x]`. Undefined: the element has neither. */
export function buildValueTest(definition: ElementDefinition): ((value: unknown) => boolean) | undefined {
  const fixed = findTypedValue(definition, 'fixed');
  if (fixed) return isElement(fixed.value) ? (value) => isDeepStrictEqual(value, fixed.value) : (value) => value === fixed.value;
  const pattern = findTypedValue(definition, 'pattern');
  return pattern && buildPatternTest(pattern.value);
}

/** The test whether a value contains a pattern. Each item of a pattern's list must match any item of the value's list. */
export function buildPatternTest(pattern: unknown): (value: unknown) => boolean {
  if (Array.isArray(pattern)) return buildListTest(pattern.map(buildPatternTest));
  if (!isElement(pattern)) return (value) => value === pattern;
  const parts = Object.entries(pattern).map(([name, part]) => ({ name, has: buildPatternTest(part) }));
  return (value) => {
    if (!isElement(value)) return false;
    for (const { name, has } of parts) if (!has(value[name])) return false;
    return true;
  };
}

const buildListTest =
  (parts: ((item: unknown) => boolean)[]) =>
  (value: unknown): boolean => {
    if (!Array.isArray(value)) return false;
    for (const has of parts) if (!value.some(has)) return false;
    return true;
  };

/** The rules for the value itself. */
export function buildValueRules(definition: ElementDefinition): ItemRule | undefined {
  const { maxLength } = definition;
  return combineRules<ElementItem>([
    buildFixedRule(definition),
    buildRangeRule(definition, 'minValue', (found) => found >= 0, 'not less than the least value of the profile'),
    buildRangeRule(definition, 'maxValue', (found) => found <= 0, 'not more than the greatest value of the profile'),
    maxLength === undefined
      ? undefined
      : buildTestRule(
          ({ value }) => typeof value !== 'string' || value.length <= maxLength,
          () => buildFault('value', `a text of at most ${maxLength} characters is expected`),
        ),
  ]);
}

function buildFixedRule(definition: ElementDefinition): ItemRule | undefined {
  const passes = buildValueTest(definition);
  const given = findTypedValue(definition, 'fixed') ?? findTypedValue(definition, 'pattern');
  if (!passes || !given) return undefined;
  const quantifier = findTypedValue(definition, 'fixed') ? 'exactly' : 'at least';
  return buildTestRule(
    ({ value }) => passes(value),
    () => buildFault('value', `${quantifier} ${formatProfileValue(given.value)} is expected`),
  );
}

const MAX_VALUE_LENGTH = 200;

/** A value of a profile for an error text. It is not patient data, so it may be shown. */
const formatProfileValue = (value: unknown): string => {
  const text = JSON.stringify(value);
  return text.length > MAX_VALUE_LENGTH ? `${text.slice(0, MAX_VALUE_LENGTH)}…` : text;
};

function buildRangeRule(
  definition: ElementDefinition,
  prefix: string,
  inRange: (order: number) => boolean,
  expected: string,
): ItemRule | undefined {
  const limit = findTypedValue(definition, prefix);
  if (!limit) return undefined;
  const end = buildNode(limit.type, limit.value);
  return buildTestRule(
    (item) => {
      const found = isComparable(item, end.value) ? compareNodes(item, end) : undefined;
      return found === undefined || inRange(found);
    },
    () => buildFault('value', `a value is expected that is ${expected}: ${formatProfileValue(limit.value)}`),
  );
}

const isComparable = ({ value }: ElementItem, limit: unknown): boolean => typeof value === typeof limit && value !== null;
