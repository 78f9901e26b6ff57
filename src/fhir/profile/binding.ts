// The rules of a profile's bindings, as far as the codes of the value sets are known. R4's own required bindings: validation/schema-rules.ts.
// https://hl7.org/fhir/R4/terminologies.html#strength
import { isElement, listObjects } from '../json-values.ts';
import { FhirError } from '../outcome.ts';
import { type Expansion, expandValueSet, isFullyKnown } from '../terminology/expansion.ts';
import type { Terminology } from '../terminology/terminology.ts';
import { buildFault, formatNames } from '../validation/schema-rule.ts';
import type { ElementDefinition, ReportUnchecked } from './definition.ts';
import { buildUncheckedRule, type ElementItem, type ItemRule } from './rule.ts';

/** The codes of a value set. */
export interface ValueSetCodes {
  /** Whether the value set has a code, or may have it if not all codes are known. `system` undefined: any system. */
  mayContain(system: unknown, code: unknown): boolean;
  /** Whether all codes are known, so that `has` is certain. */
  isComplete: boolean;
  /** Some of the codes, for error texts. */
  samples: string[];
}

const NO_CODES: ReadonlySet<string> = new Set();
const MAX_SAMPLE_CODES = 21;

/** The codes of a value set. Undefined: it or an included value set is not loaded, or does not define its content. */
export function findValueSetCodes(canonical: string, terminology: Terminology): ValueSetCodes | undefined {
  const expansion = expandIfPossible(canonical, terminology);
  if (typeof expansion === 'string' || expansion.size === 0) return undefined;
  const lists = [...expansion].map(([system, { codes }]) => ({ system, codes }));
  return {
    mayContain(system, code) {
      const codesOfSystem = system === undefined ? lists.map(({ codes }) => codes) : [expansion.get(String(system))?.codes ?? NO_CODES];
      return codesOfSystem.some((codes) => codes === 'all' || (typeof code === 'string' && codes.has(code)));
    },
    isComplete: isFullyKnown(expansion),
    samples: lists.flatMap(({ system, codes }) => (codes === 'all' ? [`any code of ${system}`] : [...codes])).slice(0, MAX_SAMPLE_CODES),
  };
}

/** An expansion that is too costly is not known: it must not refuse a write. */
function expandIfPossible(canonical: string, terminology: Terminology): Expansion {
  try {
    return expandValueSet(canonical, terminology);
  } catch (error) {
    if (error instanceof FhirError) return error.message;
    throw error;
  }
}

/** Whether a coded value can be in a value set: a code, a Coding, the unit of a Quantity, or one coding of a CodeableConcept. */
export function mayBeInValueSet({ mayContain }: ValueSetCodes, value: unknown): boolean {
  if (typeof value === 'string') return mayContain(undefined, value);
  if (!isElement(value)) return true;
  if ('coding' in value || 'text' in value)
    return listObjects(value.coding).some(({ system, code }) => mayContain(system ?? NO_SYSTEM, code));
  return mayContain(value.system ?? NO_SYSTEM, value.code);
}

const NO_SYSTEM = '';

/**
 * The rule of a binding. Undefined: the binding requires nothing, or R4 requires the same (`base`: the value set of R4's required binding of the element).
 */
export function buildBindingRule(
  binding: ElementDefinition['binding'],
  base: string | undefined,
  { findCodes, reportUnchecked }: { findCodes(valueSet: string): ValueSetCodes | undefined; reportUnchecked: ReportUnchecked },
): ItemRule | undefined {
  const { strength, valueSet } = binding ?? {};
  if (valueSet === undefined || (strength !== 'required' && strength !== 'extensible')) return undefined;
  if (base !== undefined && base === valueSet.split('|')[0]) return undefined;
  const known = findCodes(valueSet);
  if (known) return strength === 'required' ? buildRequiredRule(known, valueSet) : buildExtensibleRule(known, valueSet);
  const severity = strength === 'required' ? 'warning' : 'information';
  if (strength === 'required') reportUnchecked('required value sets', valueSet);
  return buildUncheckedRule<ElementItem>({
    severity,
    code: 'not-supported',
    text: `codes are not checked: the codes of ${valueSet} are not known here`,
    path: [],
  });
}

function buildRequiredRule(codes: ValueSetCodes, valueSet: string): ItemRule {
  return {
    isMet: ({ value }) => value === undefined || mayBeInValueSet(codes, value),
    findFaults({ value }) {
      if (value === undefined) return [];
      if (!mayBeInValueSet(codes, value))
        return [buildFault('code-invalid', `a code of ${valueSet} is expected: ${formatNames(codes.samples)}`)];
      if (codes.isComplete) return [];
      return [
        {
          severity: 'information',
          code: 'not-supported',
          text: `the system of the code is right; not all codes of ${valueSet} are known here`,
          path: [],
        },
      ];
    },
  };
}

/** An extensible binding allows other codes if no code of the value set fits, so its faults are not errors. */
const buildExtensibleRule = (codes: ValueSetCodes, valueSet: string): ItemRule => ({
  isMet: () => true,
  findFaults: ({ value }) =>
    value === undefined || mayBeInValueSet(codes, value)
      ? []
      : [
          {
            severity: 'warning',
            code: 'code-invalid',
            text: `none of the codes is of ${valueSet}, and one should be where it fits`,
            path: [],
          },
        ],
});
