// Media types of headers, with the FHIR version among their parameters. https://hl7.org/fhir/R4/http.html#version-parameter

/** The type and the parameters of `application/fhir+json; fhirVersion=4.0`, in lower case. */
export function parseMediaType(text: string): [type: string, ...parameters: string[]] {
  const [type = '', ...parameters] = text
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  return [type, ...parameters];
}

const FHIR_VERSION = /^fhirversion\s*=\s*"?([^"]*)"?$/;

/** Whether the parameters accept R4. */
export const acceptsR4 = (parameters: string[]): boolean =>
  parameters.every((text) => {
    const version = FHIR_VERSION.exec(text)?.[1];
    return version === undefined || version === '4.0';
  });
