// The references of a resource to other resources of this server, for servers that enforce them.
// https://hl7.org/fhir/R4/references.html#literal, docs/decisions/0036-referential-integrity.md
import { isElement } from './json-values.ts';
import { listOwnReferences } from './links.ts';
import { normalizeReference, readReferenceVersion } from './reference.ts';
import { isServed, type Resource, type ServedType } from './types.ts';
import { formatElementPath } from './validation/issues.ts';

/** `version`: absent for a reference to the current version. */
export interface LiteralReference {
  type: ServedType;
  id: string;
  version?: string;
  /** The text in the resource. */
  text: string;
}

/**
 * The references to resources of this server, whose types it serves. Not among them: contained resources, temporary and logical identifiers, other servers.
 */
export function listLiteralReferences(resource: Resource, baseUrl: string): LiteralReference[] {
  return [...new Set(listOwnReferences(resource))].flatMap((text): LiteralReference[] => {
    const [type = '', id = ''] = normalizeReference(text, baseUrl)?.split('/') ?? [];
    if (!isServed(type)) return [];
    const version = readReferenceVersion(text);
    return [{ type, id, text, ...(version !== undefined && { version }) }];
  });
}

/** The FHIRPaths of the references with this text. */
export function findReferencePaths(resource: Resource, text: string): string[] {
  const paths: string[] = [];
  const visit = (value: unknown, steps: (string | number)[]): void => {
    if (Array.isArray(value)) for (const [at, item] of value.entries()) visit(item, [...steps, at]);
    if (!isElement(value)) return;
    if (value.reference === text) paths.push(formatElementPath(resource.resourceType, resource, steps));
    for (const [name, inner] of Object.entries(value)) visit(inner, [...steps, name]);
  };
  visit(resource, []);
  return paths;
}
