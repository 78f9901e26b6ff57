// fixed[x], pattern[x], minValue[x], maxValue[x] and maxLength: what an element's value must be. https://hl7.org/fhir/R4/elementdefinition.html
import { isDeepStrictEqual } from 'node:util';
import { isElement } from '../element.ts';
import { order } from '../fhirpath/compare.ts';
import { nodeOf } from '../fhirpath/node.ts';
import { fault } from '../validation/schema-rules/rule.ts';
import type { ElementDefinition } from './definition.ts';
import { all, type Item, type ItemRule, test } from './rule.ts';

/** The value written under `fixedCode`, `patternCodeableConcept` …, with its type as the name says it; undefined when there is none. */
export function valueUnder(asks: ElementDefinition, prefix: string): { type: string; value: unknown } | undefined {
  const name = Object.keys(asks).find((key) => key.startsWith(prefix) && /^[A-Z]/.test(key.slice(prefix.length)));
  return name === undefined ? undefined : { type: name.slice(prefix.length), value: asks[name] };
}

/** Whether a value is as `fixed[x]` or `pattern[x]` says; undefined when the element says neither. */
export function valueTest(asks: ElementDefinition): ((value: unknown) => boolean) | undefined {
  const fixed = valueUnder(asks, 'fixed');
  if (fixed) return isElement(fixed.value) ? (value) => isDeepStrictEqual(value, fixed.value) : (value) => value === fixed.value;
  const pattern = valueUnder(asks, 'pattern');
  return pattern && containing(pattern.value);
}

/** Whether a value has everything a pattern has; each item of a list of the pattern is in the value's list, anywhere. */
export function containing(pattern: unknown): (value: unknown) => boolean {
  if (Array.isArray(pattern)) return inList(pattern.map(containing));
  if (!isElement(pattern)) return (value) => value === pattern;
  const parts = Object.entries(pattern).map(([name, part]) => ({ name, has: containing(part) }));
  return (value) => {
    if (!isElement(value)) return false;
    for (const { name, has } of parts) if (!has(value[name])) return false;
    return true;
  };
}

const inList =
  (parts: ((item: unknown) => boolean)[]) =>
  (value: unknown): boolean => {
    if (!Array.isArray(value)) return false;
    for (const has of parts) if (!value.some(has)) return false;
    return true;
  };

/** The rules on the value itself. */
export function valueRules(asks: ElementDefinition): ItemRule | undefined {
  const { maxLength } = asks;
  return all<Item>([
    fixedRule(asks),
    rangeRule(asks, 'minValue', (found) => found >= 0, 'not less than the least value of the profile'),
    rangeRule(asks, 'maxValue', (found) => found <= 0, 'not more than the greatest value of the profile'),
    maxLength === undefined
      ? undefined
      : test(
          ({ value }) => typeof value !== 'string' || value.length <= maxLength,
          () => fault('value', `a text of at most ${maxLength} characters is expected`),
        ),
  ]);
}

function fixedRule(asks: ElementDefinition): ItemRule | undefined {
  const passes = valueTest(asks);
  const given = valueUnder(asks, 'fixed') ?? valueUnder(asks, 'pattern');
  if (!passes || !given) return undefined;
  const said = valueUnder(asks, 'fixed') ? 'exactly' : 'at least';
  return test(
    ({ value }) => passes(value),
    () => fault('value', `${said} ${shown(given.value)} is expected`),
  );
}

const LONGEST = 200;

/** What a profile asks for is no one's health data: it may be shown. */
const shown = (value: unknown): string => {
  const text = JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
};

function rangeRule(asks: ElementDefinition, prefix: string, inRange: (order: number) => boolean, expected: string): ItemRule | undefined {
  const limit = valueUnder(asks, prefix);
  if (!limit) return undefined;
  const end = nodeOf(limit.type, limit.value);
  return test(
    (item) => {
      const found = comparable(item, end.value) ? order(item, end) : undefined;
      return found === undefined || inRange(found);
    },
    () => fault('value', `a value is expected that is ${expected}: ${shown(limit.value)}`),
  );
}

const comparable = ({ value }: Item, limit: unknown): boolean => typeof value === typeof limit && value !== null;
