// What a quantity is compared in: UCUM units in the base unit of their dimension, all others as they are written.
// https://hl7.org/fhir/R4/search.html#quantity, docs/decisions/0007-ucum-quantities.md
import { type Decimal, decimalText } from '../decimal.ts';
import { hash } from '../hash.ts';
import type { Hash } from './rows.ts';
import { unitHash } from './token.ts';
import { UCUM, ucumUnit } from './ucum.ts';

interface Scale {
  /** Quantities with the same can be compared. */
  unit: Hash;
  canonical(value: Decimal): string;
}

/** The scale of a unit that is named by system and code. */
export function scaleOf(system: string, code: string): Scale {
  const unit = system === UCUM ? ucumUnit(code) : undefined;
  if (unit) return { unit: hash(`${UCUM}#${unit.dimension}`), canonical: unit.canonical };
  return { unit: unitHash(system, code), canonical: decimalText };
}
