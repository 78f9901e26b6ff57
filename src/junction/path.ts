// The path of a request to Junction, with its template.

/** `template`: the path with `{id}` for each value, for traces, which must not contain ids. */
export interface JunctionPath {
  text: string;
  template: string;
}

/** A template literal: each value is percent-encoded. */
export const buildPath = (parts: TemplateStringsArray, ...values: string[]): JunctionPath => ({
  text: String.raw({ raw: parts }, ...values.map(encodeURIComponent)),
  template: parts.join('{id}'),
});
