// Parameters that are arrays. pg writes each element, also a number, as a text in quotes, in which every quote and backslash is escaped: 2.9 microseconds for a JSON
// text of 500 characters.

/** The object identifier of the type text. https://www.postgresql.org/docs/current/datatype-oid.html */
const TEXT = 25;
const HEADER_BYTES = 20;

/** An array of texts, which is sent in binary (0.4 microseconds for the same JSON text). PostgreSQL need not read it character by character either. */
export class TextArray {
  readonly texts: readonly (string | null)[];

  constructor(texts: readonly (string | null)[]) {
    this.texts = texts;
  }

  /** Called by pg: https://github.com/brianc/node-postgres/blob/master/packages/pg/lib/utils.js. The format is that of array_send in PostgreSQL (arrayfuncs.c). */
  toPostgres(): Buffer {
    const { texts } = this;
    const length = texts.reduce((sum, text) => sum + 4 + (text === null ? 0 : Buffer.byteLength(text)), HEADER_BYTES);
    const bytes = Buffer.allocUnsafe(length);
    // the number of dimensions, whether there are nulls, the type of the elements, and of the only dimension its length and its first index
    for (const [nth, value] of [1, texts.includes(null) ? 1 : 0, TEXT, texts.length, 1].entries()) bytes.writeInt32BE(value, nth * 4);
    let at = HEADER_BYTES;
    for (const text of texts) {
      const written = text === null ? 0 : bytes.write(text, at + 4);
      bytes.writeInt32BE(text === null ? -1 : written, at);
      at += 4 + written;
    }
    return bytes;
  }
}

/** The types whose values contain no character with a meaning in the text of an array. https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO */
const PLAIN_TYPES: ReadonlySet<string> = new Set(['boolean', 'smallint', 'int', 'bigint', 'numeric', 'timestamptz', 'uuid']);

/** The parameter for an array of a type. */
export function toArrayParameter(type: string, values: readonly unknown[]): unknown {
  if (type === 'text') return new TextArray(values as (string | null)[]);
  return PLAIN_TYPES.has(type) ? `{${values.map((value) => value ?? 'NULL').join(',')}}` : values;
}

/** The parameters for an engine that has its own way to send arrays. */
export const toPlainArrays = (parameters: unknown[]): unknown[] =>
  parameters.map((value) => (value instanceof TextArray ? value.texts : value));
