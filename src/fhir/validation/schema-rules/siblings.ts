// `siblings`: a primitive and the object beside it (`birthDate`, `_birthDate`) say something together; the value names the list primitives.
// https://hl7.org/fhir/R4/json.html#primitive
import { type Element, isElement } from '../../element.ts';
import { buildFault, type SchemaRule } from './rule.ts';

export const siblingsRule: SchemaRule<string[]> = {
  check(lists) {
    const pairs = lists.map((name) => [name, `_${name}`] as const);
    return (element) => {
      for (const [name, sibling] of pairs) {
        if (element[name] !== undefined && element[sibling] === undefined && includesNull(element[name])) return false;
      }
      for (const key in element) if (key.charCodeAt(0) === UNDERSCORE && !hasAllMembers(element[key.slice(1)], element[key])) return false;
      return true;
    };
  },
  explain(lists, element) {
    const names = new Set([...lists, ...Object.keys(element).flatMap((key) => (key.startsWith('_') ? [key.slice(1)] : []))]);
    return [...names].filter((name) => isEmptyElement(element, name)).map((name) => buildFault('structure', EXPECTED, name));
  },
};

const UNDERSCORE = 95;
const EXPECTED = 'a value, or extensions in its place, is expected; null only fills up a list whose other list has something there';

const includesNull = (values: unknown): boolean => Array.isArray(values) && values.includes(null);

function isEmptyElement(element: Element, name: string): boolean {
  const sibling = element[`_${name}`];
  return sibling === undefined ? includesNull(element[name]) : !hasAllMembers(element[name], sibling);
}

/** Lists are compared place by place; the shorter one counts as filled up with nulls. */
function hasAllMembers(value: unknown, sibling: unknown): boolean {
  if (!Array.isArray(sibling)) return hasValueOrExtension(value, sibling);
  const values = Array.isArray(value) ? value : [];
  for (let place = 0; place < Math.max(values.length, sibling.length); place++) {
    if (!hasValueOrExtension(values[place], sibling[place])) return false;
  }
  return true;
}

const hasValueOrExtension = (value: unknown, sibling: unknown): boolean =>
  (value !== undefined && value !== null) || (isElement(sibling) && sibling.extension !== undefined);
