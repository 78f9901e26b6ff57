// The types of mapping files and surface files. Three stages: a `…File` is what the grammar (load/file-grammar.ts) has accepted; a `…Spec` is the file after
// `like:` and code tables are expanded; shape.ts has the compiled form.
// docs/decisions/0018-mapping-language.md
import type { ErrorKind } from '../fhir/outcome.ts';
import type { PageSpec, ShapeInteraction } from './shape.ts';

/** `mappings/<vendor>/<shape>.yaml`, expanded. A path is legal FHIRPath once its %names are replaced. */
export interface MappingSpec {
  /** The purpose of the shape in a sentence or two, for readers of the OpenAPI document. */
  about?: string;
  /** Summaries of operations whose name does not explain them: `{ perform: Say when you were born }`. */
  summary?: Partial<Record<ShapeInteraction, string>>;
  resource: string;
  /** The path of the collection, or the whole path of a part of an item (`/v1/patients/{id}/safe`). */
  path: string;
  /** The name of the list in the envelope. */
  plural?: string;
  interactions: ShapeInteraction[];
  /** Envelope templates that replace the surface's. In `list`, `$name` of a search parameter is its value in the request. */
  envelope?: { item?: unknown; list?: unknown };
  /** A list without paging: `all` matches, or the `first` one. Absent: a page. */
  take?: 'all' | 'first';
  /** The maximum for `take: all`; default MAX_LIST_ITEMS. More matches are refused (400): a list is never truncated. */
  most?: number;
  /** `person`: only keys that are restricted to a patient may use this shape. Absent: only other keys may. */
  for?: 'person';
  /** `me`: the item is the Patient of the caller's key, so the path has no id. Needs `for: person`. */
  item?: 'me';
  /** The shape, of the same surface, that formats the response to a `perform` request. Absent: this one. */
  answers?: string;
  /** After a create, the id of the new item is written into this field of the caller's own Patient. */
  tells?: { shape: string; field: string };
  /** The status of a create, where the vendor documents another one than 201. */
  createStatus?: 200;
  /** Query parameters of a read that clients send and that have no effect here: name → the reason, for the OpenAPI document. */
  ignores?: Record<string, string>;
  /** One create request with many items. */
  many?: ManySpec;
  idempotency?: 'required' | 'optional';
  /** A resource without a value in one of these fields is not an item of this shape. Absent: every resource of the type is. */
  belongs?: string[];
  /** A resource with this value in this field is not an item (`status: entered-in-error`). Lists must exclude it with `only`. */
  except?: Record<string, string>;
  /** The external step that a create waits for. */
  port?: string;
  /** The vendor's error texts: for a duplicate item, and for an idempotency-key that was used with another body. */
  says?: { duplicate?: string; idempotency?: string };
  /** Search parameters for the existing resource that a create updates; `{field}` is a value of the request. With `row`, the best of several matches is taken (upsert-match.ts). */
  into?: string;
  /** %name → a path; or, of several paths, the first element that has a value at `elementHas`. */
  let?: Record<string, string | { first: string[]; elementHas: string }>;
  /** FHIR type → uses, best first: which of several current names, contact points, addresses or identifiers is shown. Then FHIR's own order (fhir/current.ts). */
  prefer?: Record<string, string[]>;
  /** %name → FHIR type of a value that the caller of the lens provides (inbound mappings). */
  given?: Record<string, string>;
  row?: RowSpec;
  with?: Record<string, JoinSpec>;
  fields: Record<string, FieldSpec>;
  /** Values that are written and never shown. */
  also?: AlsoSpec[];
  sort?: string;
  search?: Record<string, SearchSpec>;
  /** Parameters of every FHIR search for a list; `{now}` is the time of the request, `{in30days}` is 30 days later. */
  only?: string;
  unique?: UniqueSpec;
}

/** A mapping without endpoints: it writes reports of another system into resources. */
export type InboundFile = Pick<MappingSpec, 'resource' | 'given' | 'fields' | 'also'> & { let?: Record<string, string> };

/** A mapping file as the grammar accepts it. Loading expands `like:` (load/read-file.ts) and code tables (load/code-tables.ts). */
export interface MappingFile extends Omit<MappingSpec, 'let' | 'fields'> {
  /** A shape of the same vendor. Keywords that this file does not have are taken from it. */
  like?: string;
  let?: Record<string, MappingFileLet>;
  fields: Record<string, MappingFileField>;
}

export type MappingFileLet = NonNullable<MappingSpec['let']>[string] | CodeTableSpec;

/** `table`: a code table in `let`; the field shows the column with its own name. */
export interface MappingFileField extends Omit<FieldSpec, 'fields'> {
  table?: string;
  fields?: Record<string, MappingFileField>;
}

/** Chooses, of several CodeableConcepts, the one whose code comes first in the table; each field shows one column. */
export interface CodeTableSpec {
  element: string;
  /** The alias of the code system. */
  system: string;
  /** Code → field → word. */
  table: Record<string, Record<string, string>>;
}

/** One request with many items: each member of a list, together with the other fields of the request. All are created or none; the response is a list. */
export interface ManySpec {
  /** The field of the request that lists them. */
  list: string;
  /** The fields of each member. All other fields apply to every item. */
  fields: string[];
  /** The minimum (default 1) and maximum number of members. */
  least?: number;
  most: number;
  /** Items with equal values in all of these fields are the same item: it is created once. Absent: each item is new. */
  identity?: string[];
}

/** Items that are elements of a resource. */
export interface RowSpec {
  /** The elements. */
  elements: string;
  /** The path from an element to its key. */
  by: string;
  /** The field with the key; %name of it is the key while an item is read or written. */
  key: string;
  /** How the key is derived from the field. */
  as: string;
  /** Parameters of the search for the resource that holds the item with this id (`{}`). */
  find: string;
}

/** Related resources that fields show: one search for a whole page. */
export type JoinSpec = BackJoinSpec | ForwardJoinSpec;

/** Resources that refer to a resource of the page. */
export interface BackJoinSpec {
  /** `{id}` is replaced by the ids of the page. */
  search: string;
  /** The path from a joined resource to its reference to the owner. */
  owner: string;
  /** `touches`: when the joined resource is deleted or refers to another owner, the former owner gets a new version. */
  leaving?: 'touches';
}

/** Resources that a resource of the page, or an earlier join (`%schedule.actor.reference`), refers to. */
export interface ForwardJoinSpec {
  to: string | string[];
  resource: string;
}

export interface AlsoSpec {
  fhir: string;
  value?: string | boolean;
  /** Instead of `value`: the value at this path. */
  copyOf?: string;
  /** Present exactly while this path has a value. Absent: written once, when the item is created. */
  while?: string;
}

export interface FieldSpec {
  /** Its FHIRPath. Of several, the first with a value is read and the first is written. */
  fhir?: string | string[];
  /** An object whose fields are below this path. */
  at?: string;
  /** A list of objects, one for each element of this path. `where`: only these elements, and the start of a new one; `key`: the field or fields that identify a member; `memberHas`: an element without this field is not a member. */
  list?: string;
  where?: string;
  key?: string | string[];
  memberHas?: string;
  fields?: Record<string, FieldSpec>;
  /** In each element, the first of these paths with a value. */
  each?: string | string[];
  /** The codec, with its arguments: `reference(Patient)`. */
  as?: string;
  /** Word → stored value, one to one (`alias|code` for codings). Applies to the first path. */
  codes?: Record<string, string | boolean>;
  /** More words → stored value. The word is stored beside the code. */
  synonyms?: Record<string, string>;
  /** The stored value of every other word. */
  otherwise?: string;
  /** Stored code → word, many to one. The first code of a word is written. A code that is not listed is not shown. */
  reads?: Record<string, string>;
  /** A code that is derived from other fields when an item is created: `as` names the rule, the rest maps its inputs to fields. */
  follows?: { as: string; [part: string]: string };
  /** Values derived from the text: `as` names the rule (`table(units)`: a table of the surface), the rest maps its outputs to paths. */
  derived?: { as: string; [part: string]: string };
  /** For items that share a resource: an item's own value is stored at `word`, and the shared value at that time at `beside`. */
  own?: { word: string; beside: string };
  /** When the field is unset while a fallback path has a value, that value is stored here and no longer shown. */
  declined?: string;
  type?: 'string' | 'boolean' | 'number' | 'integer' | 'object' | 'string[]';
  enum?: string[];
  format?: string;
  pattern?: string;
  /** The pattern in words, to complete "<field> must be …". Every pattern needs it. */
  patternMeans?: string;
  minLength?: number;
  maxLength?: number;
  /** Limits of a number. */
  minimum?: number;
  maximum?: number;
  /** Limits of a list. */
  minItems?: number;
  maxItems?: number;
  required?: boolean;
  /** A request may send null to unset it, even where the surface refuses nulls. */
  nullable?: true;
  /** Shown for a missing value. `%newId`, `%now` and `%me` (the patient of the caller's key) are written when an item is created without this field. An empty text is shown and never stored: FHIR has none. */
  default?: unknown;
  readOnly?: boolean;
  writeOnly?: boolean;
  /** The only kind of request that may set the field. */
  onlyIn?: 'create' | 'update';
  /** The reference must resolve. `agrees`: where the target has a value at a path, it must equal the request's. */
  exists?: ExistsSpec;
  /** The name becomes a reference when exactly one resource has it. */
  link?: { to: string; search: string };
  /** A second name for this other field: both have one path, and a request may not give them different values. */
  shares?: string;
  /** An alternative form of this other field (a day or a period): setting one unsets the other. */
  instead?: string;
  /** Omitted from a response: `unset` while it has no value, `implied` while the fields that share its path show all of it. */
  omit?: 'unset' | 'implied';
  /** Must differ from this other field. */
  unlike?: string;
  /** A field beside it that must have a value too: lists have no gaps. */
  needs?: string;
  /** A day or time beside it that this one must not precede. */
  notBefore?: string;
  /** A day that is not in the future in any time zone. */
  past?: true;
  /** A day at least so many calendar years ago, in UTC. */
  atLeastYears?: number;
}

interface ExistsSpec {
  missing: ErrorKind;
  /** A path that must have a value in the target; otherwise the target counts as missing. */
  targetHas?: string;
  /** Field → path in the target: a value there must equal that field's. For a field that is a reference, the same path of its own target is compared. */
  agrees?: Record<string, string>;
}

/** A vendor's query parameter as parameters of a FHIR search. A text is short for `fhir:`. */
export type SearchSpec =
  | string
  | ValueSpec
  /** Once for each word of the value: every word must match. */
  | { everyWord: string; in?: string }
  /** The accepted values and their searches; an empty text adds no condition. */
  | { words: Record<string, string> };

/** `fhir`: `{}` is the value. Absent: no condition; the value is only used as `%name` in a path or `$name` in an envelope. */
export interface ValueSpec {
  fhir?: string;
  /** Replaces `fhir:` where the value equals `%defaultBrand`. */
  whenIs?: { defaultBrand: string };
  required?: boolean;
  /** The value is an id of this type as the surface shows it; of several types, `type/id`. */
  id?: string;
  /** The kind of error when nothing has this id. */
  missing?: ErrorKind;
  /** A day or time in the vendor's format, as in a field; `upper`: compared in upper case. */
  as?: string;
  format?: 'date' | 'date-time' | 'email' | 'uuid';
  /** One or more values, separated by commas: any of them matches. */
  several?: true;
  /** A day from the day of this other parameter on, at most so many days later. */
  span?: { from: string; days: number };
}

/** When two items are the same. */
export interface UniqueSpec {
  /** Fields that must be equal in any case. */
  within: string[];
  /** Field → how its values are compared. */
  compare: Record<string, 'exact' | 'trimmed' | 'folded'>;
  any: UniqueRuleSpec[];
}

export interface UniqueRuleSpec {
  /** Present and equal in both. For a map: one common entry. */
  same: string[];
  /** Equal, or missing in one. */
  agree?: string[];
  /** Missing in one. */
  lacking?: string[];
  /** Search parameters for candidates; `{field}` is a value of the request, `{key}` and `{value}` an entry of the map. */
  search: string;
}

/** `mappings/<vendor>/surface.yaml`. In templates, the server replaces `$name`. */
export interface SurfaceSpec {
  /** The name of the vendor's API, and the address of its documentation. */
  title?: string;
  describedAt?: string;
  /** The order in which surfaces are tried when a request matches several. */
  order: number;
  hosts: string[];
  mounts?: string[];
  auth: { scheme: 'api-key' | 'bearer'; header: string; prefix: string };
  systems: Record<string, string>;
  /** Tables from texts to codes that vendors can share: name → file, relative to this one. */
  tables?: Record<string, string>;
  /** Resource type → prefix of the shown ids; `width`: the digits after it. */
  ids?: { width: number; prefixes: Record<string, string> };
  /** A null in a request unsets the field, or is refused by the schema. */
  nulls?: 'unset' | 'refused';
  /** How PATCH treats an object inside the body: merged (RFC 7396, the default) or replaced. */
  patch?: 'merge' | 'replace';
  envelope: { item: unknown; list: unknown; error: unknown };
  headers?: Record<string, string>;
  /** `says`: the vendor's text, followed by the detail. `body`: a template that replaces `envelope.error`. */
  errors: Record<ErrorKind, { status: number; code: string; says?: string; body?: unknown }>;
  page: PageSpec;
  /** `per: tenant`: the limit is shared by all keys of a tenant; absent: per key. */
  rateLimit: { limit: number; seconds: number; per?: 'tenant' } | null;
}

/** Whether a join follows references of the item (`to:`). */
export const isForwardJoin = (spec: JoinSpec): spec is ForwardJoinSpec => 'to' in spec;

/** The FHIR type of the joined resources. */
export const toJoinedType = (spec: JoinSpec): string =>
  isForwardJoin(spec) ? spec.resource : spec.search.slice(0, spec.search.indexOf('?'));

/** The search of a join; `{id}` is replaced by the ids. */
export const toJoinSearch = (spec: JoinSpec): string => (isForwardJoin(spec) ? `${spec.resource}?_id={id}` : spec.search);
