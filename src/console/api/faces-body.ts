// The response of GET /console/api/faces/{type}/{id}. docs/decisions/0059-console-api.md

interface ElementReference {
  path: string;
  /** The other resource that has the element. */
  resource?: string;
  contained?: string;
}

export interface FaceField {
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

export interface FacesBody {
  resource: object;
  version: string;
  faces: Record<string, FaceBody[]>;
  unshown: string[];
}
