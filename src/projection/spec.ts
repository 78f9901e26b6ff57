// What may be written in a mapping file and in a surface file, as types; the same as a schema is file-grammar.ts.
import type { Kind } from '../fhir/outcome.ts';
import type { ShapeInteraction } from './shape.ts';

/** `mappings/<vendor>/<shape>.yaml`. A path is legal FHIRPath once its %names are put in. */
export interface MappingSpec {
  /** What it is for, in a sentence or two: for whoever reads the API's description. */
  about?: string;
  resource: string;
  /** Of the collection; of a part of an item (`/v1/patients/{id}/safe`) whole. */
  path: string;
  /** What a list of items is called in the envelope. */
  plural?: string;
  interactions: ShapeInteraction[];
  idempotency?: 'required' | 'optional';
  /** Fields that show a value of every resource that is an item of this shape; others of the type are none. Absent: all are. */
  belongs?: string[];
  /** The outside step a create waits for. */
  port?: string;
  /** The vendor's own texts: for an item that is there already, and for an idempotency-key that was used for something else. */
  says?: { duplicate?: string; idempotency?: string };
  /** Parameters of the search for the resource that a create goes into; `{field}` is a value of the request. */
  into?: string;
  /** %name → the long path it stands for, or the first of several elements that leads to something at `having`. */
  let?: Record<string, string | { first: string[]; having: string }>;
  /** %name → FHIR type of what is known only when the lens is used (mappings without a door). */
  given?: Record<string, string>;
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
  /** A list of objects, one for each element of this path; `where`: for those only, and how a new one begins; `key`: the field by which a member is known again; `having`: the field without which an element is no member. */
  list?: string;
  where?: string;
  key?: string;
  having?: string;
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
  /** An item whose word differs from what its resource says of all its items has it at `word`, and at `beside` what that was then. */
  own?: { word: string; beside: string };
  type?: 'string' | 'boolean' | 'number' | 'integer' | 'object' | 'string[]';
  enum?: string[];
  format?: string;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  /** Of a list. */
  minItems?: number;
  maxItems?: number;
  required?: boolean;
  /** What stands for a missing value; `%newId` and `%now` are known when an item is made. An empty text is only shown: FHIR stores none. */
  default?: unknown;
  readOnly?: boolean;
  writeOnly?: boolean;
  /** The only kind of request that may set it. */
  on?: 'create' | 'update';
  /** The reference must lead to something; `agrees`: where that something has a value at the path, it is the request's. */
  exists?: ExistsSpec;
  /** The name becomes a reference when exactly one resource carries it. */
  link?: { to: string; search: string };
  /** Another spelling of what this other field says: both stand at one place, and a request may not say two things by them. */
  shares?: string;
  /** This other field stands for the same thing in another form (a day or a period): where one of them is said, the other is unset. */
  instead?: string;
  /** Left out of a response: `unset` while it has no value, `implied` while the fields that share its place say all of it. */
  omit?: 'unset' | 'implied';
  /** May not be the same as this other field. */
  unlike?: string;
  /** A day that has come, wherever on earth. */
  past?: true;
}

export interface ExistsSpec {
  missing: Kind;
  agrees?: Record<string, string>;
}

/** A vendor parameter → parameters of a FHIR search. A text is short for `fhir:`. */
export type SearchSpec =
  | string
  /** `{}` is the value; `id`: an id of this type as the surface shows it, of one of several type/id; `as`: a day or a time in a form of the vendor's own, as in a field. */
  | { fhir: string; required?: boolean; id?: string; as?: string }
  /** Once per word of the value: every word must be met. */
  | { each: string }
  /** The values it takes; one with an empty text asks for nothing. */
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
  /** What people call the vendor's API, and where the vendor describes it. */
  title?: string;
  describedAt?: string;
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
  /** What a PATCH does with an object inside of the body: merged member by member (RFC 7396, unless it says otherwise), or replaced whole. */
  patch?: 'merge' | 'replace';
  envelope: { item: unknown; list: unknown; error: unknown };
  headers?: Record<string, string>;
  /** `says`: the text the vendor prints for it; what exactly is wrong follows. `body`: a template of its own, where that is not `envelope.error`. */
  errors: Record<Kind, { status: number; code: string; says?: string; body?: unknown }>;
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
