// What may be written in a mapping file and in a surface file, as types; the same as a schema is file-grammar.ts.
// docs/decisions/0018-mapping-language.md
import type { ErrorKind } from '../fhir/outcome.ts';
import type { PageSpec, ShapeInteraction } from './shape.ts';

/** `mappings/<vendor>/<shape>.yaml`. A path is legal FHIRPath once its %names are put in. */
export interface MappingSpec {
  /** What it is for, in a sentence or two: for whoever reads the API's description. */
  about?: string;
  /** What an operation does, in a few words, where the name of the shape does not tell: `{ perform: Say when you were born }`. */
  summary?: Partial<Record<ShapeInteraction, string>>;
  resource: string;
  /** Of the collection; of a part of an item (`/v1/patients/{id}/safe`) whole. */
  path: string;
  /** What a list of items is called in the envelope. */
  plural?: string;
  interactions: ShapeInteraction[];
  /** Templates of its own, in place of the surface's; in `list`, `$name` of a search parameter is the value that was asked for. */
  envelope?: { item?: unknown; list?: unknown };
  /** What a list takes of all that is found, without paging: `all` of it, or the `first` alone. Absent: a page. */
  take?: 'all' | 'first';
  /** How many `take: all` answers with at most; absent: as many as one answer ever holds. More are refused, never cut off. */
  most?: number;
  /** `person`: keys that stand for a person open it, and no others. Absent: the keys of the surface's users. */
  for?: 'person';
  /** `me`: the item is the Patient that the caller's key stands for; no id is in the path. Needs `for: person`. */
  item?: 'me';
  /** The shape of the same surface in whose form a request that performs something is answered. Absent: in this one's. */
  answers?: string;
  /** A field of the person's own item that takes the id of what a create has made: which shape's, and which. */
  tells?: { shape: string; field: string };
  /** How a create is answered where the vendor prints another status than 201. */
  createStatus?: 200;
  /** A create whose request holds many items. */
  many?: ManySpec;
  idempotency?: 'required' | 'optional';
  /** Fields that show a value of every resource that is an item of this shape; others of the type are none. Absent: all are. */
  belongs?: string[];
  /** Field → the word by which a resource is no item after all (`status: entered-in-error`). Lists leave it out by `only`. */
  except?: Record<string, string>;
  /** The outside step a create waits for. */
  port?: string;
  /** The vendor's own texts: for an item that is there already, and for an idempotency-key that was used for something else. */
  says?: { duplicate?: string; idempotency?: string };
  /** Parameters of the search for the resource that a create goes into; `{field}` is a value of the request. Several found: of a shape with `row` the nearest (upsert-match.ts). */
  into?: string;
  /** %name → the long path it stands for, or the first of several elements that leads to something at `elementHas`. */
  let?: Record<string, string | { first: string[]; elementHas: string }>;
  /** FHIR type → uses, best first: which of several current names, contact points, addresses or identifiers is shown. Absent, and after those: FHIR's order (fhir/current.ts). */
  prefer?: Record<string, string[]>;
  /** %name → FHIR type of what is known only when the lens is used (mappings without a door). */
  given?: Record<string, string>;
  row?: RowSpec;
  with?: Record<string, JoinSpec>;
  fields: Record<string, FieldSpec>;
  /** Written, never shown. */
  also?: AlsoSpec[];
  sort?: string;
  search?: Record<string, SearchSpec>;
  /** Parameters of the FHIR search that every list asks with; `{now}` is the time of the request, `{in30days}` so many days later. */
  only?: string;
  unique?: UniqueSpec;
}

/** What a file says beside that: another shape that it is like, and tables of codes; loading puts both in place (load/extends.ts, load/code-tables.ts). */
export interface MappingFile extends Omit<MappingSpec, 'let' | 'fields'> {
  /** A shape of the same vendor, whose words hold here where this file does not say them itself. */
  like?: string;
  let?: Record<string, MappingFileLet>;
  fields: Record<string, MappingFileField>;
}

export type MappingFileLet = NonNullable<MappingSpec['let']>[string] | CodeTableSpec;

/** `table`: name of a table in `let`: what its column of the field's name says of the code. */
export interface MappingFileField extends Omit<FieldSpec, 'fields'> {
  table?: string;
  fields?: Record<string, MappingFileField>;
}

/** Of several elements (each a CodeableConcept) the one whose code stands first in the table, and what each field shows of it. */
export interface CodeTableSpec {
  element: string;
  /** The alias of the code system. */
  system: string;
  /** Code → field → word. */
  table: Record<string, Record<string, string>>;
}

/** One request, many items: each member of a list of the request, together with its other fields. All are made or none, and answered as a list. */
export interface ManySpec {
  /** The field of the request that lists them. */
  list: string;
  /** The fields that each member says; all others the request says once, for all of them. */
  fields: string[];
  /** How many there are at least (1, unless it says otherwise) and at most. */
  least?: number;
  most: number;
  /** Items that agree in all of these fields are one: it is made once, and answered as it stands whoever sends it again. Absent: each is a new one. */
  identity?: string[];
}

/** Items that are elements of a resource. */
export interface RowSpec {
  /** The elements. */
  elements: string;
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
export type JoinSpec = BackJoinSpec | ForwardJoinSpec;

/** Those that refer to a resource of the page. */
export interface BackJoinSpec {
  /** `{id}` is replaced by the ids of the page. */
  search: string;
  /** From a joined resource to the reference that says whose it is. */
  owner: string;
  /** `touches`: when one is deleted or refers elsewhere, the resource it belonged to counts as changed. */
  leaving?: 'touches';
}

/** Those that a resource of the page refers to, or an earlier join (`%schedule.actor.reference`). */
export interface ForwardJoinSpec {
  to: string | string[];
  resource: string;
}

export interface AlsoSpec {
  fhir: string;
  value?: string | boolean;
  /** In place of a value: what stands at this other path. */
  copyOf?: string;
  /** Kept in step with this path: there as long as that leads to something. Absent: written when the item is made. */
  while?: string;
}

export interface FieldSpec {
  /** Where it stands. Of several the first with a value is shown and the first is written. */
  fhir?: string | string[];
  /** An object of its own: its fields live below this path. */
  at?: string;
  /** A list of objects, one for each element of this path; `where`: for those only, and how a new one begins; `key`: the field, or the fields together, by which a member is known again; `memberHas`: the field without which an element is no member. */
  list?: string;
  where?: string;
  key?: string | string[];
  memberHas?: string;
  fields?: Record<string, FieldSpec>;
  /** Of each element found, the first of these that has a value. */
  each?: string | string[];
  /** The codec, with its arguments: `reference(Patient)`. */
  as?: string;
  /** Word → stored value, one to one: `system alias|code` for codings. It belongs to the first path. */
  codes?: Record<string, string | boolean>;
  /** Further words → stored value; the word is kept beside the code. */
  synonyms?: Record<string, string>;
  /** The stored value for any other word. */
  otherwise?: string;
  /** Stored code → word, several to one: the first code of a word is the one that is written. A code that is not here is shown as nothing. */
  reads?: Record<string, string>;
  /** When an item is made, its code follows from other fields: `as` says how, the rest which field is which part. */
  follows?: { as: string; [part: string]: string };
  /** Parts that follow from the text: `as` says how (`table(units)`: a table of the surface), the rest says where. */
  derived?: { as: string; [part: string]: string };
  /** An item whose word differs from what its resource says of all its items has it at `word`, and at `beside` what that was then. */
  own?: { word: string; beside: string };
  /** A field that was unset while its further paths say something keeps here what that is, and does not show it. */
  declined?: string;
  type?: 'string' | 'boolean' | 'number' | 'integer' | 'object' | 'string[]';
  enum?: string[];
  format?: string;
  pattern?: string;
  /** What the pattern asks for, in words: completes "<field> must be …". Every pattern needs it. */
  patternMeans?: string;
  minLength?: number;
  maxLength?: number;
  /** Of a list. */
  minItems?: number;
  maxItems?: number;
  required?: boolean;
  /** A null in a request says that it is unset, also where the surface refuses nulls. */
  nullable?: true;
  /** What stands for a missing value; `%newId`, `%now` and `%me` (the person the key stands for) are known when an item is made, and written then where the request does not say the field. An empty text is only shown: FHIR stores none. */
  default?: unknown;
  readOnly?: boolean;
  writeOnly?: boolean;
  /** The only kind of request that may set it. */
  onlyIn?: 'create' | 'update';
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
  /** A field beside it without which it may not be said: lists have no holes. */
  needs?: string;
  /** A field beside it, a day or a time as this one, that this one may not be before. */
  notBefore?: string;
  /** A day that has come, wherever on earth. */
  past?: true;
  /** A day that is so many whole years ago, by the calendar in UTC. */
  atLeastYears?: number;
}

interface ExistsSpec {
  missing: ErrorKind;
  /** What must stand in the resource it leads to: another one is as good as none. */
  targetHas?: string;
  /** A field beside it → path: where something stands there, it is what that field says; of a field that is a reference, what stands there where that leads. */
  agrees?: Record<string, string>;
}

/** A vendor parameter → parameters of a FHIR search. A text is short for `fhir:`. */
export type SearchSpec =
  | string
  | ValueSpec
  /** Once per word of the value: every word must be met. */
  | { everyWord: string; in?: string }
  /** The values it takes; one with an empty text asks for nothing. */
  | { words: Record<string, string> };

/** `fhir`: `{}` is the value; absent: it asks for nothing, and is only a value (`%name` in a path, `$name` in an envelope). */
export interface ValueSpec {
  fhir?: string;
  /** The search in place of `fhir:` where the value is what `%defaultBrand` stands for. */
  whenIs?: { defaultBrand: string };
  required?: boolean;
  /** An id of this type as the surface shows it, of one of several type/id. */
  id?: string;
  /** What the id leads to must be there; else it is this kind of failure. */
  missing?: ErrorKind;
  /** A day or a time in a form of the vendor's own, as in a field; `upper`: it means the same in small letters. */
  as?: string;
  format?: 'date' | 'date-time' | 'email' | 'uuid';
  /** One or more values, parted by commas: any of them is met. */
  several?: true;
  /** A day that is not before the day of this other parameter, and at most so many days after it. */
  span?: { from: string; days: number };
}

/** When two items are the same. */
export interface UniqueSpec {
  /** Only where these agree. */
  within: string[];
  /** Field → how its values are compared. */
  compare: Record<string, 'exact' | 'trimmed' | 'folded'>;
  any: UniqueRuleSpec[];
}

export interface UniqueRuleSpec {
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
  /** Tables of texts and the codes they stand for, which several vendors share: name → file, beside this one. */
  tables?: Record<string, string>;
  /** Resource type → prefix of the ids that are shown; `width`: digits after it. */
  ids?: { width: number; prefixes: Record<string, string> };
  /** What a null in a request means: `unset`, or refused as the schema says. */
  nulls?: 'unset' | 'refused';
  /** What a PATCH does with an object inside of the body: merged member by member (RFC 7396, unless it says otherwise), or replaced whole. */
  patch?: 'merge' | 'replace';
  envelope: { item: unknown; list: unknown; error: unknown };
  headers?: Record<string, string>;
  /** `says`: the text the vendor prints for it; what exactly is wrong follows. `body`: a template of its own, where that is not `envelope.error`. */
  errors: Record<ErrorKind, { status: number; code: string; says?: string; body?: unknown }>;
  page: PageSpec;
  /** `per: tenant`: all keys of a tenant together; absent: each key for itself. */
  rateLimit: { limit: number; seconds: number; per?: 'tenant' } | null;
}

/** Whether it asks for what an item refers to. */
export const isForwardJoin = (spec: JoinSpec): spec is ForwardJoinSpec => 'to' in spec;

/** FHIR type of what is joined. */
export const toJoinedType = (spec: JoinSpec): string =>
  isForwardJoin(spec) ? spec.resource : spec.search.slice(0, spec.search.indexOf('?'));

/** The search of a join, with `{id}` for the ids it is asked with. */
export const toJoinSearch = (spec: JoinSpec): string => (isForwardJoin(spec) ? `${spec.resource}?_id={id}` : spec.search);
