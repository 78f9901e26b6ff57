// One request of the FHIR API, free of Express: by itself or as an entry of a Bundle.
import type { ParsedJson } from '../../fhir/json.ts';
import type { FhirError } from '../../fhir/outcome.ts';
import type { Patch } from '../../fhir/patch/patch.ts';
import type { ServedType } from '../../fhir/types.ts';
import type { Context, Draft } from '../../interactions/context.ts';
import type { PageTokens } from '../../interactions/page-token.ts';

/** The body, read on demand: a wrong media type fails then (415). */
export interface FhirRequestBody {
  /** A resource of this type; anything else is refused (400). */
  resource(type: string): Promise<Draft>;
  /** The parameters of a form. */
  form(): Promise<[name: string, value: string][]>;
  patch(): Promise<Patch>;
  json(): Promise<ParsedJson>;
  /** A Binary, or content that is to become one. */
  binary(): Promise<Draft | { bytes: Buffer; contentType: string }>;
}

/** `type`, `id`, `versionId` and `compartment` (the type a compartment is about, `id` its id) are empty where the path names none. */
export interface FhirCall {
  context: Context;
  pageTokens: PageTokens;
  method: string;
  /** Below the base, percent-encoded. */
  path: string;
  query: [name: string, value: string][];
  /** A header, by lower-case name. */
  header(name: string): string | undefined;
  body: FhirRequestBody;
  /** The error that the client gets; an unexpected one is logged. */
  toFhirError(error: unknown): FhirError;
  /** It is no entry of a Bundle. */
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
  /** Bytes in place of `body`; their media type is in the headers. */
  content?: Buffer;
  /** An instant, for the entry of a Bundle. */
  lastModified?: string;
}

export type InteractionHandler = (call: FhirCall) => Promise<FhirResponse>;
