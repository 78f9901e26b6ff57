// One request of the FHIR API, independent of Express: an HTTP request or an entry of a Bundle.
import type { ParsedJson } from '../../fhir/json.ts';
import type { FhirError } from '../../fhir/outcome.ts';
import type { Patch } from '../../fhir/patch/patch.ts';
import type { ServedType } from '../../fhir/types.ts';
import type { Context, Draft } from '../../interactions/context.ts';
import type { PageTokens } from '../../interactions/page-token.ts';

/** The body, read on demand. The media type is checked when it is read (415). */
export interface FhirRequestBody {
  /** A resource of this type. Any other body is refused (400). */
  resource(type: string): Promise<Draft>;
  /** The parameters of a form. */
  form(): Promise<[name: string, value: string][]>;
  patch(): Promise<Patch>;
  /** A resource of any type, as JSON. */
  json(): Promise<ParsedJson>;
  /**
   * The parameters of an operation that can be called without any: a request without a body has none. R4 does not forbid this, and client libraries leave out
   * the body then (inferred). https://hl7.org/fhir/R4/operations.html#request
   */
  parameters(): Promise<ParsedJson>;
  /** The text of a body of one of these media types, and its type. `instruction`: what to send instead of another type. */
  text(mediaTypes: readonly string[], instruction: string): Promise<{ mediaType: string; text: string }>;
  /** A Binary resource, or the content of one. */
  binary(): Promise<Draft | { bytes: Buffer; contentType: string }>;
}

/** `type`, `id`, `versionId` and `compartment` are empty if the path does not have them. `compartment`: the type of a compartment; `id` is its id then. */
export interface FhirCall {
  context: Context;
  pageTokens: PageTokens;
  method: string;
  /** Relative to the base, percent-encoded. */
  path: string;
  query: [name: string, value: string][];
  /** A header, by lower-case name. */
  header(name: string): string | undefined;
  body: FhirRequestBody;
  /** The error that the client gets. An unexpected error is logged. */
  toFhirError(error: unknown): FhirError;
  /** Whether this is an HTTP request of its own, not an entry of a Bundle. */
  isStandalone: boolean;
  type: ServedType;
  id: string;
  versionId: string;
  compartment: ServedType;
}

export interface FhirResponse {
  status: number;
  headers?: Record<string, string>;
  /** JSON text. */
  body?: string;
  /** The body is an OperationOutcome about the processing of the request, not its result. */
  isProcessingOutcome?: true;
  /** Bytes instead of `body`. Their media type is in the headers. */
  content?: Buffer;
  /** The value of `_format`, if it is in the body of the request. */
  format?: string;
  /** An instant, for the response entry of a Bundle. */
  lastModified?: string;
}

export type InteractionHandler = (call: FhirCall) => Promise<FhirResponse>;
