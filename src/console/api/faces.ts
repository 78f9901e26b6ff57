// The API of the console: a resource and all its faces. docs/decisions/0059-console-api.md
import { request } from './request.ts';

const PATH = '/console/api';

interface ElementReference {
  path: string;
  /** The other resource that has the element. */
  resource?: string;
  contained?: string;
}

interface FaceField {
  name: string;
  /** The FHIRPaths of the mapping. */
  fhir: string[];
  /** The file and line of the mapping. */
  mapping: string;
  /** What the field shows. */
  elements: ElementReference[];
  /** What decides which of them it shows. */
  conditions: ElementReference[];
}

/** A face with `needs` has no view: the credential lacks these scopes. */
export interface FaceBody {
  shape: string;
  path: string;
  item?: string;
  change?: 'PUT' | 'PATCH';
  view?: object;
  fields?: FaceField[];
  needs?: string[];
}

interface FacesBody {
  resource: object;
  version: string;
  faces: Record<string, FaceBody[]>;
  unshown: string[];
}

/** `text`: parsing changes the digits of numbers. */
export const readFaces = (type: string, id: string, signal?: AbortSignal): Promise<{ body: FacesBody; text: string }> =>
  request<FacesBody>([PATH, 'faces', ...[type, id].map(encodeURIComponent)].join('/'), { signal });
