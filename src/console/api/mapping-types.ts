// What /console/api/mappings returns. docs/decisions/0059-console-api.md
interface Endpoint {
  method: string;
  /** As in the vendor's documents. */
  path: string;
  summary: string;
}

interface ShapeFacts {
  shape: string;
  /** The FHIR type. */
  resource: string;
  about?: string;
  /** Whether only keys that are restricted to a patient may use it. */
  forPatients: boolean;
  endpoints: Endpoint[];
}

interface OutlinedField {
  name: string;
  /** `Patient.telecom.value`. Empty: the server or the request has the value. */
  elements: string[];
}

interface OutlinedShape extends ShapeFacts {
  fields: OutlinedField[];
}

export interface Source {
  /** `loop/patient.yaml`. */
  file: string;
  text: string;
}

export interface Surface {
  surface: string;
  title: string;
  /** The address of the vendor's documents. */
  documentation?: string;
  hosts: string[];
  /** The paths of this server below which the endpoints are, too. */
  mounts: string[];
  auth: { scheme: 'api-key' | 'bearer'; header: string; prefix: string };
  /** Name in the mappings → URL of a code system or extension. */
  systems: Record<string, string>;
  shapes: OutlinedShape[];
  source: Source;
}

export interface Code {
  /** Absent: every other word. */
  word?: string;
  /** Absent: the word is stored as it is. */
  code?: string;
  use: 'both' | 'synonym' | 'read' | 'other';
}

export interface ExplainedField extends OutlinedField {
  type: string;
  format?: string;
  /** How the value is converted. */
  codec?: string;
  access: 'read-write' | 'read' | 'write' | 'create' | 'update';
  required: boolean;
  /** FHIRPaths. */
  paths: string[];
  /** The file and line: `loop/patient.yaml:12`. */
  mapping: string;
  /** FHIR search parameters; absent for fields of the members of a list. */
  foundBy?: string[];
  codes: Code[];
}

export interface Losses {
  unshown: string[];
  partial: { element: string; shown: string }[];
  changed: { field: string; how: string }[];
}

export interface ExplainedShape extends ShapeFacts {
  preferences: string[];
  fields: ExplainedField[];
  filters: { name: string; search: string }[];
  losses: Losses;
  source: Source;
}
