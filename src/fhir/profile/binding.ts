// What a profile's binding asks of a coded element, as far as the codes of its value set are known. https://hl7.org/fhir/R4/terminologies.html#strength
import { isElement, items } from '../element.ts';
import { fault, oneOf } from '../validation/schema-rules/rule.ts';
import type { Codes } from './codes.ts';
import type { ElementDefinition, Missed } from './definition.ts';
import { type Item, type ItemRule, notChecked } from './rule.ts';

/** Whether a coded value may be of a value set: a code, a Coding, a Quantity by its unit, or one coding of a CodeableConcept. */
export function mayBeIn({ has }: Codes, value: unknown): boolean {
  if (typeof value === 'string') return has(undefined, value);
  if (!isElement(value)) return true;
  if ('coding' in value || 'text' in value) return items(value.coding).some(({ system, code }) => has(system ?? NO_SYSTEM, code));
  return has(value.system ?? NO_SYSTEM, value.code);
}

const NO_SYSTEM = '';

/**
 * The rule of a binding; undefined when it asks nothing, or R4 itself asks it already (`base`: the value set of R4's required binding of the element).
 * `elsewhere`: knows the codes of its value set, if anybody does.
 */
export function bindingRule(
  binding: ElementDefinition['binding'],
  base: string | undefined,
  elsewhere: { codesOf(valueSet: string): Codes | undefined; missed: Missed },
): ItemRule | undefined {
  const { strength, valueSet } = binding ?? {};
  if (valueSet === undefined || (strength !== 'required' && strength !== 'extensible')) return undefined;
  if (base !== undefined && base === valueSet.split('|')[0]) return undefined;
  const known = elsewhere.codesOf(valueSet);
  if (known) return strength === 'required' ? required(known, valueSet) : extensible(known, valueSet);
  const severity = strength === 'required' ? 'warning' : 'information';
  if (strength === 'required') elsewhere.missed('required value sets', valueSet);
  return notChecked<Item>({
    severity,
    code: 'not-supported',
    text: `codes are not checked: the codes of ${valueSet} are not known here`,
    at: [],
  });
}

function required(codes: Codes, valueSet: string): ItemRule {
  return {
    holds: ({ value }) => value === undefined || mayBeIn(codes, value),
    faults({ value }) {
      if (value === undefined) return [];
      if (!mayBeIn(codes, value)) return [fault('code-invalid', `a code of ${valueSet} is expected: ${oneOf(codes.some)}`)];
      if (codes.exact) return [];
      return [
        {
          severity: 'information',
          code: 'not-supported',
          text: `the system of the code is right; not all codes of ${valueSet} are known here`,
          at: [],
        },
      ];
    },
  };
}

/** Another code may be used where none of the value set fits, so nothing here is an error. */
const extensible = (codes: Codes, valueSet: string): ItemRule => ({
  holds: () => true,
  faults: ({ value }) =>
    value === undefined || mayBeIn(codes, value)
      ? []
      : [
          {
            severity: 'warning',
            code: 'code-invalid',
            text: `none of the codes is of ${valueSet}, and one should be where it fits`,
            at: [],
          },
        ],
});
