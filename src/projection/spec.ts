// What may be written in a mapping file and in a surface file, as types; the same as a schema is file-grammar.ts.
import type { Kind } from '../fhir/outcome.ts';
import type { ShapeInteraction } from './shape.ts';

/** `mappings/<vendor>/<shape>.yaml`. A path is legal FHIRPath once its %names are put in. */
export interface MappingSpec {
  resource: string;
  path: string;
  /** What a list of items is called in the envelope. */
  plural?: string;
  interactions: ShapeInteraction[];
  idempotency?: 'required' | 'optional';
  /** A path that leads to something in every resource that is an item of this shape; others of the type are not shown by it. Absent: all are. */
  belongs?: string;
  /** The outside step a create waits for. */
  port?: string;
  /** Parameters of the search for the resource that a create goes into; `{field}` is a value of the request. */
  into?: string;
  /** %name → the long path it stands for, or the first of several elements that leads to something at `having`. */
  let?: Record<string, string | { first: string[]; having: string }>;
  row?: RowSpec;
  with?: Record<string, JoinSpec>;
  fields: Record<string, FieldSpec>;
  /** Written, never shown. */
  also?: AlsoSpec[];
  sort?: string;
  search?: Record<string, SearchSpec>;
  unique?: UniqueSpec;
}

/** Items that are elements of a resource. */
export interface RowSpec {
  /** The elements. */
  each: string;
  /** From an element to the key that tells it from its neighbours. */
  by: string;
  /** The field that holds the key, and the %name the key is bound to while an item is read or written. */
  key: string;
  /** How the key is made of the field. */
  as: string;
  /** Parameters of the search for the resource that holds the item with this id (`{}`). */
  find: string;
}

/** Other resources shown beside: one search for a whole page. */
export interface JoinSpec {
  /** `{id}` is replaced by the ids of the page. */
  search: string;
  /** From a joined resource to the reference that says whose it is. */
  on: string;
  /** `touches`: when one is deleted or refers elsewhere, the resource it belonged to counts as changed. */
  leaving?: 'touches';
}

export interface AlsoSpec {
  fhir: string;
  value: string | boolean;
  /** Kept in step with this path: there as long as that leads to something. Absent: written when the item is made. */
  while?: string;
}

export interface FieldSpec {
  /** Where it stands. Of several the first with a value is shown and the first is written. */
  fhir?: string | string[];
  /** An object of its own: its fields live below this path. */
  at?: string;
  fields?: Record<string, FieldSpec>;
  /** Of each element found, the first of these that has a value. */
  each?: string | string[];
  /** The codec, with its arguments: `reference(Patient)`. */
  as?: string;
  /** Word → stored value, one to one: `system alias|code` for codings. It belongs to the first path. */
  codes?: Record<string, string | boolean>;
  /** Further words → stored value; the word is kept beside the code. */
  also?: Record<string, string>;
  /** The stored value for any other word. */
  otherwise?: string;
  /** Parts that follow from the text: `as` says how, the rest says where. */
  derived?: { as: string; [part: string]: string };
  type?: 'string' | 'boolean' | 'object' | 'string[]';
  enum?: string[];
  format?: string;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  required?: boolean;
  /** What stands for a missing value; `%newId` and `%now` are known when an item is made. */
  default?: unknown;
  readOnly?: boolean;
  writeOnly?: boolean;
  /** The reference must lead to something; `agrees`: where that something has a value at the path, it is the request's. */
  exists?: ExistsSpec;
  /** The name becomes a reference when exactly one resource carries it. */
  link?: { to: string; search: string };
  /** May not be the same as this other field. */
  unlike?: string;
}

export interface ExistsSpec {
  missing: Kind;
  agrees?: Record<string, string>;
}

/** A vendor parameter → parameters of a FHIR search. A text is short for `fhir:`. */
export type SearchSpec =
  | string
  /** `{}` is the value; `id`: the value is an id of this type as the surface shows it. */
  | { fhir: string; required?: boolean; id?: string }
  /** Once per word of the value: every word must be met. */
  | { each: string }
  /** The values it takes. */
  | { words: Record<string, string> };

/** When two items are the same. */
export interface UniqueSpec {
  /** Only where these agree. */
  within: string[];
  /** Field → how its values are compared. */
  compare: Record<string, 'exact' | 'trimmed' | 'folded'>;
  any: SamenessSpec[];
}

export interface SamenessSpec {
  /** Present in both, and the same. A map: one entry in common. */
  same: string[];
  /** The same, or missing in one of them. */
  agree?: string[];
  /** Missing in one of them. */
  lacking?: string[];
  /** Parameters of the search for candidates; `{field}` is a value of the request, `{key}` and `{value}` an entry of the map. */
  search: string;
}

/** `mappings/<vendor>/surface.yaml`. In templates `$name` is a value the server fills in. */
export interface SurfaceSpec {
  /** Which surface is asked first where a request could mean several. */
  order: number;
  hosts: string[];
  mounts?: string[];
  auth: { scheme: 'api-key' | 'bearer'; header: string; prefix: string };
  systems: Record<string, string>;
  /** Resource type → prefix of the ids that are shown; `width`: digits after it. */
  ids?: { width: number; prefixes: Record<string, string> };
  /** What a null in a request means: `unset`, or refused as the schema says. */
  nulls?: 'unset' | 'refused';
  envelope: { item: unknown; list: unknown; error: unknown };
  headers?: Record<string, string>;
  errors: Record<Kind, { status: number; code: string }>;
  page: {
    size: string;
    offset?: string;
    cursor?: string;
    default: number;
    max: number;
    maxOffset: number;
    clamp: boolean;
    total: boolean;
  };
  rateLimit: { limit: number; seconds: number } | null;
}
