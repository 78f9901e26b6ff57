// What is found in what the network tells, whatever it is: objects to look into, and texts.

/** The value as an object to look into; an empty one when it is none. */
export const toJsonObject = (value: unknown): Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Record<string, unknown>) : {};

/** The text under this name; an empty one is none. */
export function readTextField(value: unknown, name: string): string | undefined {
  const found = toJsonObject(value)[name];
  return typeof found === 'string' && found !== '' ? found : undefined;
}

const isRaw = (JSON as unknown as { isRawJSON(value: unknown): boolean }).isRawJSON;

/** The text of a value as reported: a number counts with its digits. Undefined: there is none. */
export function toReportedText(value: unknown): string | undefined {
  if (isRaw(value)) return (value as { rawJSON: string }).rawJSON;
  const text = typeof value === 'number' ? String(value) : value;
  return typeof text === 'string' ? removeControlCharacters(text) : undefined;
}

/** Control characters mean nothing in a result, and a text of spaces is none. */
function removeControlCharacters(text: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  const clean = text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffe\uffff]/g, '').trim();
  return clean === '' ? undefined : clean.toWellFormed();
}
