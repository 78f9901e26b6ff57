// Media types as headers name them, and the FHIR version among their parameters. https://hl7.org/fhir/R4/http.html#version-parameter

/** `application/fhir+json; fhirVersion=4.0` → its type and its parameters, in lower case. */
export function parseMediaType(text: string): [type: string, ...parameters: string[]] {
  const [type = '', ...parameters] = text
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  return [type, ...parameters];
}

const FHIR_VERSION = /^fhirversion\s*=\s*"?([^"]*)"?$/;

/** Whether no parameter asks for another version than R4. */
export const acceptsR4 = (parameters: string[]): boolean =>
  parameters.every((text) => {
    const version = FHIR_VERSION.exec(text)?.[1];
    return version === undefined || version === '4.0';
  });
