// Binary: chooses between the resource and its content, and converts content into a resource. https://hl7.org/fhir/R4/binary.html
import { parseAccept, parseMediaType, RESOURCE_FORMATS } from './media-type.ts';
import type { Resource } from './types.ts';

const FHIR_MEDIA_TYPES = new Set(['application/fhir+json', 'application/json+fhir', 'application/fhir+xml', 'application/xml+fhir']);
/** Media types that ask for the resource, unless the content has this type. Those of XML are not among them, because browsers accept XML before anything else. */
const GENERIC_MEDIA_TYPES = new Set(['application/json', 'text/json', 'application/*']);

/** The size limit of content as a share of the body limit. Content is stored as base64, which is larger. */
export const BASE64_CONTENT_SHARE = 0.74;

type BinaryForm = 'resource' | 'content';

/**
 * The form that Accept and `_format` ask for: the resource for FHIR's media type, otherwise the content if the client accepts its type. Undefined: the client
 * accepts neither (406).
 */
export function chooseBinaryForm(
  contentType: string,
  { accept = '', format }: { accept?: string; format?: string },
): BinaryForm | undefined {
  const own = parseMediaType(contentType)[0];
  if (format !== undefined) return chooseFormByParameter(parseMediaType(format)[0], own);
  if (accept.trim() === '') return 'content';
  return parseAccept(accept)
    .map(({ type }) => matchBinaryForm(type, own))
    .find((form) => form !== undefined);
}

function chooseFormByParameter(format: string, own: string): BinaryForm | undefined {
  return matchBinaryForm(format, own) ?? (RESOURCE_FORMATS.has(format) ? 'resource' : undefined);
}

function matchBinaryForm(range: string, own: string): BinaryForm | undefined {
  if (FHIR_MEDIA_TYPES.has(range)) return 'resource';
  if (range === own || range === '*/*' || range === `${own.split('/')[0]}/*`) return 'content';
  return GENERIC_MEDIA_TYPES.has(range) ? 'resource' : undefined;
}

/** The content of a Binary. */
export interface BinaryContent {
  bytes: Buffer;
  contentType: string;
  /** A reference (`Type/id`) to the resource that determines the access to the Binary. */
  securityContext?: unknown;
}

/** The content of a stored Binary. */
export function parseBinary(body: string): BinaryContent {
  const { contentType, data = '', securityContext }: { contentType: string; data?: string; securityContext?: unknown } = JSON.parse(body);
  return { bytes: Buffer.from(data, 'base64'), contentType, securityContext };
}

/** Builds the resource of content. */
export const buildBinary = ({ bytes, contentType, securityContext }: BinaryContent, id?: string): Resource => ({
  resourceType: 'Binary',
  ...(id !== undefined && { id }),
  contentType,
  ...(securityContext !== undefined && { securityContext }),
  data: bytes.toString('base64'),
});
