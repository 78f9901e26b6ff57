// Elements that meet and elements that violate each error-level constraint of R4, by its name (`Task.inv-1`).
import { ADMINISTRATION_CASES } from './invariant-cases/administration.ts';
import { BUNDLE_CASES } from './invariant-cases/bundle.ts';
import { CAPABILITY_CASES } from './invariant-cases/capabilities.ts';
import { CARE_CASES } from './invariant-cases/care.ts';
import { DATATYPE_CASES } from './invariant-cases/datatypes.ts';
import { ELEMENT_DEFINITION_CASES } from './invariant-cases/element-definitions.ts';
import { ELEMENT_CASES } from './invariant-cases/elements.ts';
import { QUESTIONNAIRE_CASES } from './invariant-cases/questionnaires.ts';
import { STRUCTURE_DEFINITION_CASES } from './invariant-cases/structure-definitions.ts';
import { TERMINOLOGY_CASES } from './invariant-cases/terminology.ts';
import { TEST_SCRIPT_CASES } from './invariant-cases/test-scripts.ts';
import type { InvariantCases } from './invariant-cases/values.ts';

export const INVARIANT_CASES: InvariantCases = {
  ...ADMINISTRATION_CASES,
  ...BUNDLE_CASES,
  ...CAPABILITY_CASES,
  ...CARE_CASES,
  ...DATATYPE_CASES,
  ...ELEMENT_DEFINITION_CASES,
  ...ELEMENT_CASES,
  ...QUESTIONNAIRE_CASES,
  ...STRUCTURE_DEFINITION_CASES,
  ...TERMINOLOGY_CASES,
  ...TEST_SCRIPT_CASES,
};
