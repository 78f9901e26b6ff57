// The codings of a CodeableConcept of unknown form. https://hl7.org/fhir/R4/datatypes.html#CodeableConcept
import { isObject, toList } from '../../fhir/json-values.ts';

export interface Coding {
  system?: string;
  code?: string;
}

export const listCodings = (concept: unknown): Coding[] => (isObject(concept) ? toList(concept.coding).filter(isCoding) : []);

function isCoding(value: unknown): value is Coding {
  if (!isObject(value)) return false;
  const { system = '', code = '' } = value;
  return typeof system === 'string' && typeof code === 'string';
}
