// Types of JSON.rawJSON and JSON.isRawJSON, which Node has and TypeScript does not declare yet. https://github.com/tc39/proposal-json-parse-with-source
interface RawJson {
  /** The digits as they were written. */
  readonly rawJSON: string;
}

interface JSON {
  rawJSON(text: string): RawJson;
  isRawJSON(value: unknown): value is RawJson;
}
