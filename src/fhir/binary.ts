// Binary: chooses between the resource and its content, and converts content into a resource. https://hl7.org/fhir/R4/binary.html
import { parseMediaType } from './media-type.ts';
import type { Resource } from './types.ts';

const FHIR_MEDIA_TYPES = new Set(['application/fhir+json', 'application/json+fhir']);
/** Media types that ask for the resource, unless the content has this type. */
const GENERIC_MEDIA_TYPES = new Set(['application/json', 'text/json', 'json', 'application/*']);

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
  if (format !== undefined) return matchBinaryForm(parseMediaType(format)[0], own);
  if (accept.trim() === '') return 'content';
  const ranges = accept.split(',').map((range) => {
    const [type, ...parameters] = parseMediaType(range);
    return { type, weight: readWeight(parameters) };
  });
  const wanted = ranges.filter(({ weight }) => weight > 0).sort((a, b) => b.weight - a.weight);
  return wanted.map(({ type }) => matchBinaryForm(type, own)).find((form) => form !== undefined);
}

function readWeight(parameters: string[]): number {
  const weight = parameters.find((text) => /^q\s*=/.test(text))?.replace(/^q\s*=\s*/, '');
  return weight === undefined ? 1 : Number(weight) || 0;
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
