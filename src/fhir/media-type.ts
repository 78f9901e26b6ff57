// Media types of headers, with the FHIR version among their parameters. https://hl7.org/fhir/R4/http.html#version-parameter

/** The type and the parameters of `application/fhir+json; fhirVersion=4.0`, in lower case. */
export function parseMediaType(text: string): [type: string, ...parameters: string[]] {
  const [type = '', ...parameters] = text
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  return [type, ...parameters];
}

/** A format of resources. `mediaType`: that of a response to a client that asks by this name. */
export interface ResourceFormat {
  syntax: 'json' | 'xml';
  mediaType: string;
}

const FHIR_JSON: ResourceFormat = { syntax: 'json', mediaType: 'application/fhir+json' };
const FHIR_XML: ResourceFormat = { syntax: 'xml', mediaType: 'application/fhir+xml' };

/** Media type, or value of `_format` → format. The names with a plus before FHIR are those of DSTU2. https://hl7.org/fhir/R4/http.html#mime-type */
export const RESOURCE_FORMATS: ReadonlyMap<string, ResourceFormat> = new Map([
  ['application/fhir+json', FHIR_JSON],
  ['application/json+fhir', FHIR_JSON],
  ['json', FHIR_JSON],
  ['application/json', { syntax: 'json', mediaType: 'application/json' }],
  ['text/json', { syntax: 'json', mediaType: 'application/json' }],
  ['application/fhir+xml', FHIR_XML],
  ['application/xml+fhir', FHIR_XML],
  ['xml', FHIR_XML],
  ['application/xml', { syntax: 'xml', mediaType: 'application/xml' }],
  ['text/xml', { syntax: 'xml', mediaType: 'text/xml' }],
]);

/** A range of the header Accept, with its parameters except the weight. */
interface AcceptedRange {
  type: string;
  parameters: string[];
}

/** The ranges of an Accept header that a client accepts, the preferred ones first. https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1 */
export function parseAccept(accept: string): AcceptedRange[] {
  const ranges = accept.split(',').map((range) => {
    const [type, ...all] = parseMediaType(range);
    const weight = all.find((text) => WEIGHT.test(text));
    return {
      type,
      parameters: all.filter((text) => text !== weight),
      weight: weight === undefined ? 1 : Number(weight.replace(WEIGHT, '')) || 0,
    };
  });
  return ranges.filter(({ weight }) => weight > 0).sort((a, b) => b.weight - a.weight);
}

const WEIGHT = /^q\s*=\s*/;
const FHIR_VERSION = /^fhirversion\s*=\s*"?([^"]*)"?$/;

/** Whether the parameters accept R4. */
export const acceptsR4 = (parameters: string[]): boolean =>
  parameters.every((text) => {
    const version = FHIR_VERSION.exec(text)?.[1];
    return version === undefined || version === '4.0';
  });
