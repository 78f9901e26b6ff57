// The JSON type that each keyword of a field shows, and the FHIR types that it accepts, for check-values.ts.
import { isPrimitive, listElementNames } from '../../fhir/elements.ts';
import type { FieldSpec } from '../spec.ts';

/** How a field shows a value. */
export interface ValueKind {
  /** The keyword of the mapping; absent: none. */
  word?: string;
  /** The kind of value, in words. */
  meant: string;
  takes(type: string): boolean;
  /** What the field's `type` must be. */
  shows: NonNullable<FieldSpec['type']>;
}

const WHOLE = ['integer', 'unsignedInt', 'positiveInt'];
const isOneOf =
  (...types: string[]) =>
  (type: string): boolean =>
    types.includes(type);
const isText = (type: string): boolean => isPrimitive(type) && !['boolean', 'decimal', ...WHOLE].includes(type);
const day = { meant: 'a day', takes: isOneOf('date', 'dateTime') };
const instant = { meant: 'an instant', takes: isOneOf('instant', 'dateTime') };

/** By the name in `as:`. */
const CODECS: Record<string, ValueKind> = {
  date: { ...day, shows: 'string' },
  instant: { ...instant, shows: 'string' },
  latest: { meant: 'a time', takes: isOneOf('instant', 'dateTime', 'date'), shows: 'string' },
  time: { meant: 'a time of day', takes: isOneOf('time'), shows: 'string' },
  reference: { meant: 'a reference', takes: isOneOf('string'), shows: 'string' },
  coding: { meant: 'a Coding', takes: isOneOf('Coding'), shows: 'string' },
  concept: { meant: 'a CodeableConcept', takes: isOneOf('CodeableConcept'), shows: 'string' },
  joined: { meant: 'texts', takes: isText, shows: 'string' },
  paragraphs: { meant: 'texts', takes: isText, shows: 'string' },
  json: { meant: 'an object that is kept as its text', takes: isOneOf('string', 'markdown'), shows: 'object' },
  keyed: { meant: 'a map', takes: (type) => !isPrimitive(type), shows: 'object' },
  quantity: { meant: 'a quantity', takes: isOneOf('Quantity', 'Duration', 'Age', 'Distance', 'Count'), shows: 'number' },
  is: { meant: 'whether a value exists', takes: isPrimitive, shows: 'boolean' },
};

/** By `format:`. */
const FORMATS: Record<string, ValueKind> = {
  date: { ...day, shows: 'string' },
  'date-time': { ...instant, shows: 'string' },
  email: { meant: 'an e-mail address', takes: isOneOf('string', 'markdown', 'uri', 'url'), shows: 'string' },
  uuid: { meant: 'a UUID', takes: isOneOf('id', 'string', 'uuid', 'uri', 'code'), shows: 'string' },
};

/** By `type:`, without any other keyword. */
const TYPES: Record<NonNullable<FieldSpec['type']>, ValueKind> = {
  string: { meant: 'a text', takes: isText, shows: 'string' },
  'string[]': { meant: 'texts', takes: isText, shows: 'string' },
  boolean: { meant: 'a boolean', takes: isOneOf('boolean'), shows: 'boolean' },
  number: { meant: 'a number', takes: isOneOf('decimal', ...WHOLE), shows: 'number' },
  integer: { meant: 'a whole number', takes: isOneOf(...WHOLE), shows: 'integer' },
  object: { meant: 'an object', takes: () => false, shows: 'object' },
};

/** FHIR type → keywords that can show it. */
const INSTEAD: Record<string, string> = {
  boolean: 'type: boolean, or codes: with a word for true and one for false',
  decimal: 'type: number',
  date: 'as: date(…), or format: date',
  dateTime: 'as: instant(…) or as: date(…), or format: date-time',
  instant: 'as: instant(…), or format: date-time',
  time: 'as: time',
  Coding: 'as: coding and codes:, or .code after it',
  CodeableConcept: 'as: concept, or .text or .coding.first().code after it',
  Reference: '.reference after it, and as: reference(Patient)',
  Attachment: '.url after it',
};

/** Suggests a keyword for a value of this type. */
export function suggestKeyword(type: string): string {
  if (WHOLE.includes(type)) return 'write type: integer';
  if (INSTEAD[type]) return `write ${INSTEAD[type]}`;
  if (isPrimitive(type)) return 'it is a text: leave type:, as: and format: out, or write another path';
  const names = listElementNames(type).filter((name) => name !== 'id' && name !== 'extension');
  return `go on to one of its elements (${names.slice(0, 6).join(', ')})`;
}

/** How a field shows the value of its path with this index. Code tables apply to the first path only. */
export function toValueKind({ as, codes, synonyms, otherwise, reads, type = 'string' }: FieldSpec, index: number): ValueKind {
  if (as !== undefined && !(as === 'coding' && index > 0)) {
    const kind = CODECS[as.replace(/\(.*/, '')] ?? TYPES[type];
    return { ...kind, ...(kind.shows === 'number' && type === 'integer' && { shows: type }), word: `as: ${as}` };
  }
  const table = reads ? 'reads' : 'codes';
  if (index > 0 || !(codes || synonyms || otherwise !== undefined || reads)) return TYPES[type];
  const isYesOrNo = Object.values(codes ?? {}).some((value) => typeof value === 'boolean');
  return {
    word: `${table}:`,
    shows: 'string',
    ...(isYesOrNo ? { meant: 'a boolean', takes: isOneOf('boolean') } : { meant: 'codes', takes: isText }),
  };
}

/** The FHIR types that the format of a field accepts. */
export const toFormatKind = ({ format }: FieldSpec): ValueKind | undefined =>
  format === undefined ? undefined : { ...FORMATS[format]!, word: `format: ${format}` };
