// What a quantity is compared in: UCUM units in the base unit of their dimension, all others as they are written.
// https://hl7.org/fhir/R4/search.html#quantity, docs/decisions/0007-ucum-quantities.md
import { type Decimal, formatDecimal } from '../decimal.ts';
import { hash } from '../hash.ts';
import type { Hash } from './rows.ts';
import { hashUnit } from './token.ts';
import { findUcumUnit, UCUM_SYSTEM } from './ucum.ts';

interface QuantityScale {
  /** Quantities with the same can be compared. */
  unit: Hash;
  canonical(value: Decimal): string;
}

/** The scale of a unit that is named by system and code. */
export function findQuantityScale(system: string, code: string): QuantityScale {
  const unit = system === UCUM_SYSTEM ? findUcumUnit(code) : undefined;
  if (unit) return { unit: hash(`${UCUM_SYSTEM}#${unit.dimension}`), canonical: unit.canonical };
  return { unit: hashUnit(system, code), canonical: formatDecimal };
}
