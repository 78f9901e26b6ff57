// Reads fields of JSON whose structure is not known: objects and texts.
import { toRecord } from '../fhir/json-values.ts';

/** Undefined if the field is missing, empty or not a text. */
export function readTextField(value: unknown, name: string): string | undefined {
  const field = toRecord(value)[name];
  return typeof field === 'string' && field !== '' ? field : undefined;
}

/** The text of a reported value: a number keeps its digits, control characters are removed. Undefined if nothing is left. */
export function toReportedText(value: unknown): string | undefined {
  if (JSON.isRawJSON(value)) return value.rawJSON;
  const text = typeof value === 'number' ? String(value) : value;
  return typeof text === 'string' ? removeControlCharacters(text) : undefined;
}

function removeControlCharacters(text: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
  const clean = text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffe\uffff]/g, '').trim();
  return clean === '' ? undefined : clean.toWellFormed();
}
