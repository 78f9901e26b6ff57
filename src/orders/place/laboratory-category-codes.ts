// Decides by `category` whether a request is for a laboratory: by standard codings, and by the texts that people and vendors' clients write.
// https://hl7.org/fhir/R4/servicerequest-definitions.html#ServiceRequest.category
import { isObject, toList } from '../../fhir/json-values.ts';
import type { Resource } from '../../fhir/types.ts';
import { listCodings } from './codings.ts';

/** Code system → its codes for laboratory services. */
const LABORATORY_CODES: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  // laboratory procedure (US Core), laboratory test
  ['http://snomed.info/sct', new Set(['108252007', '15220000'])],
  // the laboratory, and its sections: blood gases, blood bank, chemistry, hematology, immunology, microbiology, mycobacteriology, mycology, serology, toxicology, virology
  ['http://terminology.hl7.org/CodeSystem/v2-0074', new Set('LAB BG BLB CH HM IMM MB MCB MYC SR TX VR'.split(' '))],
  ['http://terminology.hl7.org/CodeSystem/observation-category', new Set(['laboratory'])],
]);

/** A vendor documents `laboratory` (mappings, service-request.examples.yaml). The other texts are common synonyms, and inferred. */
const LABORATORY_WORDS = /^(lab|labs|laboratory)( (procedure|test|order)s?| work)?$/i;

/** True if one of the categories matches. A text is compared with `text` and with codes that have no system. */
export const isLaboratoryRequest = ({ category }: Resource): boolean =>
  toList(category).some((concept) => {
    const text = isObject(concept) ? concept.text : undefined;
    if (typeof text === 'string' && LABORATORY_WORDS.test(text.trim())) return true;
    return listCodings(concept).some(({ system, code = '' }) =>
      system === undefined ? LABORATORY_WORDS.test(code) : LABORATORY_CODES.get(system)?.has(code),
    );
  });
