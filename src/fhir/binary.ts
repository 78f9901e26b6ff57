// Binary as what it carries: which of its two forms a client asks for, and the resource that content becomes. https://hl7.org/fhir/R4/binary.html
import { mediaType } from './media-type.ts';
import type { Resource } from './types.ts';

const FHIR = new Set(['application/fhir+json', 'application/json+fhir']);
/** Also understood as the resource, unless the content itself is of this type. */
const GENERIC = new Set(['application/json', 'text/json', 'json', 'application/*']);

/** How much of a body's limit content may take: it is stored as base64. */
export const BASE64 = 0.74;

type BinaryForm = 'resource' | 'content';

/**
 * The form that Accept and `_format` ask for. The resource is sent to who names FHIR's media type; everybody else gets the content, if it is of a type
 * they take. Undefined: they take neither (406).
 */
export function binaryForm(contentType: string, { accept = '', format }: { accept?: string; format?: string }): BinaryForm | undefined {
  const own = mediaType(contentType)[0];
  if (format !== undefined) return formOf(mediaType(format)[0], own);
  if (accept.trim() === '') return 'content';
  const ranges = accept.split(',').map((range) => {
    const [type, ...parameters] = mediaType(range);
    return { type, weight: weightOf(parameters) };
  });
  const wanted = ranges.filter(({ weight }) => weight > 0).sort((a, b) => b.weight - a.weight);
  return wanted.map(({ type }) => formOf(type, own)).find((form) => form !== undefined);
}

function weightOf(parameters: string[]): number {
  const weight = parameters.find((text) => /^q\s*=/.test(text))?.replace(/^q\s*=\s*/, '');
  return weight === undefined ? 1 : Number(weight) || 0;
}

function formOf(range: string, own: string): BinaryForm | undefined {
  if (FHIR.has(range)) return 'resource';
  if (range === own || range === '*/*' || range === `${own.split('/')[0]}/*`) return 'content';
  return GENERIC.has(range) ? 'resource' : undefined;
}

/** What a Binary carries. */
export interface Content {
  bytes: Buffer;
  contentType: string;
  /** `Type/id` of what access to it is decided by. */
  securityContext?: unknown;
}

/** The content of a stored Binary. */
export function contentOf(body: string): Content {
  const { contentType, data = '', securityContext } = JSON.parse(body) as { contentType: string; data?: string; securityContext?: unknown };
  return { bytes: Buffer.from(data, 'base64'), contentType, securityContext };
}

/** Content as a resource. */
export const binaryOf = ({ bytes, contentType, securityContext }: Content, id?: string): Resource => ({
  resourceType: 'Binary',
  ...(id !== undefined && { id }),
  contentType,
  ...(securityContext !== undefined && { securityContext }),
  data: bytes.toString('base64'),
});
