// What a condition is tested of.
import type { ServedType } from '../../fhir/types.ts';

/** The search row under test: its alias, and the types it may have. */
export interface TestedRow {
  row: string;
  types: ServedType[];
  /** It is tested whether the condition does not hold: of each row by itself, for all but a few meet that. */
  each?: true;
  /** Only a few rows are tested: what meets a condition is looked up by each of them, and not gathered beforehand. */
  few?: true;
}
