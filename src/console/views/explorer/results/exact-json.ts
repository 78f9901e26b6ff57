// JSON whose numbers keep their digits: a result of 4.10 is not 4.1. https://hl7.org/fhir/R4/datatypes.html#decimal

/** Parses a text. A number whose digits JavaScript would change is the text of its digits. */
export const parseExact = (text: string): unknown =>
  JSON.parse(text, (_name, value: unknown, context?: { source?: string }) =>
    typeof value === 'number' && context?.source !== undefined && context.source !== String(value) ? context.source : value,
  );
