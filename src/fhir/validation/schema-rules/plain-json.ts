// `plain`: what stands in a contained resource of an unserved type is checked for FHIR's form of JSON only: no empty texts, lists or objects,
// nulls only inside lists of primitives, names that an element can have. https://hl7.org/fhir/R4/json.html
import { buildFault, type SchemaRule } from './rule.ts';

export const plainJsonRule: SchemaRule<true> = {
  check: () => isPlainJson,
  explain: () => [buildFault('structure', 'JSON without empty texts, lists or objects and with element names is expected')],
};

const NAME = /^(?:_?[a-z][A-Za-z0-9]*|resourceType)$/;

function isPlainJson(value: unknown): boolean {
  if (typeof value === 'string') return value.length > 0 && !value.includes('\0');
  if (typeof value === 'number') return Number.isFinite(value);
  if (Array.isArray(value))
    return value.length > 0 && value.every((item) => item === null || isPlainJson(item)) && value.some((item) => item !== null);
  if (typeof value !== 'object') return true;
  return value !== null && isPlainObject(Object.entries(value));
}

const isPlainObject = (entries: [string, unknown][]): boolean =>
  entries.length > 0 && entries.every(([name, value]) => NAME.test(name) && isPlainJson(value));
