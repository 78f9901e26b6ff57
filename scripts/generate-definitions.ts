// `npm run generate`: writes everything under src/fhir/generated from HL7's R4 definitions. Names, types and codes only, no prose.
import { writeFileSync } from 'node:fs';
import { careDatesFile } from './generate/care-dates.ts';
import { compartmentsFile } from './generate/compartments.ts';
import { elementsFile } from './generate/elements.ts';
import { extensionsFile } from './generate/extensions.ts';
import { invariantsFile } from './generate/invariants.ts';
import { schemasFile } from './generate/schemas.ts';
import { searchParametersFile } from './generate/search-parameters.ts';
import { terminologyDetailsFile, valueSetsFile } from './generate/value-sets.ts';

/** Generated file → the function that makes its text. A new generated file is one more line. */
export const GENERATED: Record<string, () => string> = {
  'care-dates.json': careDatesFile,
  'compartments.json': compartmentsFile,
  'elements.json': elementsFile,
  'extensions.json': extensionsFile,
  'invariants.json': invariantsFile,
  'schemas.json': schemasFile,
  'search-parameters.json': searchParametersFile,
  'terminology-details.json': terminologyDetailsFile,
  'value-sets.json': valueSetsFile,
};

if (import.meta.main) {
  for (const [name, make] of Object.entries(GENERATED)) writeFileSync(new URL(`../src/fhir/generated/${name}`, import.meta.url), make());
}
