// The types of compiled mappings: the contract between this room and its users (vendor requests, orders). Everything is pure: no Express, no SQL, no clock,
// no I/O after loading. Values that only the server knows are passed in as `Env`.
import type { ParsedJson } from '../fhir/json.ts';
import type { PathKey } from '../fhir/json-tree.ts';
import type { ErrorKind, Issue } from '../fhir/outcome.ts';
import type { Resource, ServedType } from '../fhir/types.ts';
import type { PathVariables } from '../fhir/writable-path/path.ts';

/** An item in the vendor's JSON, without its envelope. */
export type View = Record<string, unknown>;

/** Values that the server provides and the resource does not have. */
export interface Env {
  /** When the resource was created. */
  created?: string;
  /** The base URL of this server: absolute references to it are its own. */
  baseUrl?: string;
  /** The FHIR base URL for the client: URLs of this server are shown below it. */
  clientBaseUrl?: string;
  /** The id for a new resource, and the time of the write. */
  newId?: string;
  now?: string;
  /** The tenant's brand for resources that name none. */
  defaultBrand?: string | undefined;
  /** The UUID a surface shows for an id that is not a lower-case UUID (version 5 of tenant, type and id). */
  alias: (type: string, id: string) => string;
  /** Alias → FHIR id, looked up before a lens runs. */
  resolved?: ReadonlyMap<string, string>;
  /** Joined resources by the name of their join, and the row key. */
  [name: string]: unknown;
}

/** For reads and writes that need no values of the server. */
export const EMPTY_ENV: Env = { alias: () => '' };

/** `update` changes some fields (PATCH), `replace` all (PUT); `perform` is an action on an existing item (POST). */
export type ShapeInteraction = 'create' | 'read' | 'search' | 'update' | 'replace' | 'delete' | 'perform';

/** The fields that a change request gives another value (null: unset), and the errors in the request. */
export interface ChangePlan {
  fields: View;
  issues: Issue[];
}

/** The part of JSON Schema that this program reads. */
export interface JsonSchema {
  [word: string]: unknown;
  type?: string | string[];
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema | false;
  prefixItems?: JsonSchema[];
  additionalProperties?: JsonSchema | false;
  anyOf?: JsonSchema[];
  required?: string[];
}

/** Where an element is. `owner`: the joined resource that has it (`PractitionerRole/1`); empty for the resource itself. */
export interface ElementPlace {
  owner: string;
  keys: PathKey[];
}

/** The elements that one field of a view, or of a member of a list (`phones[0].number`), is read from. */
export interface TracedField {
  name: string;
  /** The FHIRPaths of the field. */
  paths: string[];
  /** Its line in the mapping file: `loop/patient.yaml:12`. */
  declaredAt: string;
  /** The elements that it shows. */
  elements: ElementPlace[];
  /** The elements that decide which of them it shows. */
  conditions: ElementPlace[];
}

/** One documented JSON body of one vendor, tied to a resource type. */
export interface Shape {
  surface: Surface;
  /** File name without `.yaml`: `lab-order`. */
  name: string;
  resource: ServedType;
  /** The path of the collection, as the vendor documents it: `/v1/lab-orders`. */
  path: string;
  /** The path of an item, with `{id}` (`/v1/lab-orders/{id}`), or of a part of one (`/v1/patients/{id}/safe`). */
  itemPath: string;
  /** Names in the path other than `id` (`patient_id`): filters of a list, and request fields that the body does not have. */
  pathParameters: string[];
  /** The field with the id of an item. */
  idName: string;
  /** The name of a list of items (`patients`); empty when the vendor has none. */
  plural: string;
  interactions: ShapeInteraction[];
  /** What a list returns: a page, all matches, or the first one. */
  take: 'page' | 'all' | 'first';
  /** The maximum for `all`: more matches are refused. */
  maxItems: number;
  /** Whether the item is the Patient of the caller's key. */
  itemIsCaller: boolean;
  /** Whether the shape is for keys that are restricted to a patient: they may use these shapes only, and other keys may not. */
  isPersonal: boolean;
  /** The shape of the same surface that formats the response to `perform`. */
  responseShape?: string;
  /** The field of the caller's own Patient that receives the id of a created item. */
  linkBack?: { shape: string; field: string };
  /** The status of a successful create. */
  createdStatus: 200 | 201;
  /** Query parameters of a read that are accepted and have no effect. */
  ignoredParameters: string[];
  idempotency: 'required' | 'optional';
  /** Whether the shape has numbers, which must keep their stored digits. */
  hasNumbers: boolean;
  /** A create of many items by one request; absent: one item. */
  batch?: BatchCreate;
  /** JSON Schemas (draft 2020-12): of a create, of a PATCH, of a PUT, and of an item in a response. */
  requestSchema: JsonSchema;
  changeSchema: JsonSchema;
  replaceSchema: JsonSchema;
  responseSchema: JsonSchema;
  /** Whether a create or perform request has a required field; otherwise the body may be missing. */
  requiresBody: boolean;
  /** The response body of an item, and of a list; `parameters`: the query parameters of the request. */
  wrapItem(view: View, facts: ResponseFacts): unknown;
  wrapList(views: View[], page: PageInfo, facts: ResponseFacts, parameters: Record<string, string>): unknown;
  /** Whether a resource of this type, as it is shown, is an item of this shape: not every ServiceRequest is a lab order. */
  isItem(view: View): boolean;
  /**
   * The errors in a request body, by the vendor's field names (`patient.last_name` in `expression`). `now`: ISO 8601, for days that must not be in the
   * future.
   */
  checkRequest(body: unknown, now: string): Issue[];
  /**
   * Finds the fields that a change request changes. `merge`: an object is a merge patch (RFC 7396), a list is a JSON Patch (RFC 6902); `replace`: a whole
   * new body; `perform`: a body that passed `checkRequest`. `view`: the current item, read with `all`; `time`: ISO 8601. An invalid patch throws a FhirError.
   */
  planChange(how: 'merge' | 'replace' | 'perform', body: ParsedJson, now: { view: View; time: string }): ChangePlan;
  /** Whether a merge patch merges objects inside the body, instead of replacing them. */
  mergesObjects: boolean;
  /** Errors after a change: fields that were unset and still show a value from another path. */
  checkUnsetFields(changes: View, after: View): Issue[];
  /** The body without unknown properties and blank texts. */
  pickKnownFields(body: View): View;
  /** Resource → view. */
  read(resource: Resource, env: Env, options?: ReadOptions): View;
  /** The elements that each field is read from. Fields that the view omits are included. */
  trace(resource: Resource, env: Env): TracedField[];
  /**
   * View → resource: writes the view into `into` (absent: a new resource). Elements that the mapping does not name stay. A field that the view does not have
   * is unset.
   */
  write(view: View, into: Resource | undefined, env: Env, options?: WriteOptions): Resource;
  /** The vendor's field for a FHIRPath expression in a validation error; undefined: no single one. */
  findField(expression: string): string | undefined;
  /** The query parameters of a list, without paging. */
  filters: string[];
  /** The query parameters whose values the fields use (`%name` in a path). */
  pickBoundParameters(parameters: Record<string, string>): Record<string, string>;
  /** Query parameters → FHIR search; an invalid value throws a FhirError `parameter` with its name. */
  buildQuery(parameters: Record<string, string>, env: Env): string;
  /** The ids among the query parameters. The caller resolves aliases and passes them to `buildQuery` as `env.resolved`. */
  readIdParameters(parameters: Record<string, string>): IdParameter[];
  /** Searches for related resources that the fields show. */
  joins: Join[];
  /** References in a request that must resolve. */
  referenceRules: ReferenceRule[];
  links: NameLink[];
  /** How to find a duplicate of an item; null: the shape has no such rule. */
  buildDuplicateCheck(view: View): DuplicateCheck | null;
  /** Error texts: for a duplicate, and for an idempotency-key that was used with another body. */
  messages: { duplicate: string; idempotency: string };
  /** FHIR search for the existing resource that a create updates (`Practitioner?identifier=…`); null: a create always makes a new resource. `resolved`: alias → FHIR id. */
  buildTargetSearch(view: View, resolved?: ReadonlyMap<string, string>): string | null;
  /** Only for shapes whose items are elements of a resource (`row:`). */
  rows?: RowItems & { search(id: string): string };
  /** The name of the external step that a create waits for (`lab-order`, `physician`). */
  externalStep?: string;
}

/** `all`: with write-only fields; `bare`: a missing value is null, not its default. */
export interface ReadOptions {
  all?: boolean;
  bare?: boolean;
}

/** `server`: writes exactly the fields of the view, also read-only ones, and leaves all others; `bare`: also writes a value that equals the default. */
export interface WriteOptions {
  server?: boolean;
  bare?: boolean;
}

/** A name in a request that becomes a reference when exactly one resource carries it. */
interface NameLink {
  /** FHIR search for the resource with this name; undefined: the request names none. */
  buildSearch(view: View): string | undefined;
  putReference(resource: Resource, reference: string): Resource;
}

/** The keys to lock before a create, and the searches for an equal item. */
interface DuplicateCheck {
  lockKeys: string[];
  candidates: DuplicateCandidates[];
}

interface DuplicateCandidates {
  search: string;
  isSame(candidate: View): boolean;
}

/** Items that are elements of a resource. */
export interface RowItems {
  /** The field that holds the key of an item. */
  name: string;
  /** The keys of a resource's items, in their order. */
  readKeys(resource: Resource): string[];
  /** The key in a view. */
  readKey(view: View): string;
}

/** An id in a query parameter. `missing`: the kind of error when nothing has this id; absent: the list is empty. */
export interface IdParameter {
  parameter: string;
  type: ServedType;
  id: string;
  missing?: ErrorKind;
}

/** One request that makes many items. */
export interface BatchCreate {
  /** The field of the request that lists them. */
  listField: string;
  /** The items of a request, each in the form of a request for one item. */
  splitRequest(body: View): View[];
  /** The name in the request of a field of the nth item: `readings[2].code`. */
  toRequestField(field: string, index: number): string;
  /** The id derived from the identity fields of an item; undefined: every item is new. */
  buildId(item: View, env: Env): string | undefined;
}

/** A reference in a request that must resolve, to a target that fits the rest of the request (a patient of the same brand). */
export interface ReferenceRule {
  /** The field, without the indexes of lists. */
  field: string;
  missing: ErrorKind;
  /** The references of the field; `at` is the place of each in the request. */
  readReferences(view: View): { at: string; type: ServedType; id: string }[];
  /** References in other fields whose targets must agree with this one. */
  readRelatedReferences(view: View): { name: string; type: ServedType; id: string }[];
  /** `led`: the targets of the related references, by field. */
  acceptsTarget(target: Resource, view: View, led?: Readonly<Record<string, Resource | undefined>>): boolean;
}

export interface Join {
  name: string;
  /** The type of the joined resources. */
  type: ServedType;
  /** Joins that must be loaded first. */
  dependsOn: string[];
  /** Whether its search needs only the id of the item. */
  usesOwnerId: boolean;
  /** The ids to search for, for a resource of the page. `known`: the joins that are loaded. `baseUrl`: of this server, for absolute references. */
  readIds(owner: Resource, known: PathVariables, baseUrl: string): string[];
  /** FHIR search for all of these ids. */
  buildSearch(ids: string[]): string;
  /** Distributes the results: a function from an owner to its joined resources. */
  distribute(found: Resource[], baseUrl: string): (owner: Resource, known: PathVariables) => Resource[];
}

/** The common parts of all shapes of one vendor (`surface.yaml`). */
export interface Surface {
  name: string;
  /** The name of the API. */
  title: string;
  /** Its host names (`*.platform.example.com`) and path prefixes (`/loop`, `/api-v1`). */
  hosts: string[];
  mounts: string[];
  /** The prefix of its keys (`clk_`), and the header that carries them. */
  auth: { scheme: 'api-key' | 'bearer'; header: string; prefix: string };
  page: PageSpec;
  /** `per: tenant`: shared by all keys of a tenant; otherwise per key. */
  rateLimit: { limit: number; seconds: number; per?: 'tenant' } | null;
  /** The vendor's status and code for a kind of error. */
  describeError(kind: ErrorKind): { status: number; code: string; says?: string | undefined };
  /** Response bodies, where a shape has no envelope of its own. */
  wrapItem(view: View, facts: ResponseFacts): unknown;
  wrapList(views: View[], page: PageInfo, facts: ResponseFacts, plural: string): unknown;
  wrapError(kind: ErrorKind, issues: Issue[], facts: ResponseFacts): { status: number; body: unknown };
  /** The headers of every response. */
  buildHeaders(facts: ResponseFacts): Record<string, string>;
  /** FHIR id → shown id, and back to a UUID; undefined: not an id of this surface. */
  encodeId(type: string, id: string, env: Env): string;
  decodeId(type: string, shownId: string): string | undefined;
}

/**
 * Paging: the names of the parameters (`number` counts pages from 1 and excludes `offset`) and the sizes. `clamp`: a size out of range is adjusted, else
 * refused. `maxOffset`: the maximum number of items before a page. `total`: lists state the number of items.
 */
export interface PageSpec {
  size: string;
  offset?: string;
  number?: string;
  cursor?: string;
  default: number;
  max: number;
  maxOffset: number;
  clamp: boolean;
  total: boolean;
}

export interface ResponseFacts {
  requestId: string;
  time: string;
  status: number;
  rate?: { limit: number; remaining: number; reset: number };
}

export interface PageInfo {
  limit: number;
  offset: number;
  /** Whether more items follow. `nextOffset` is null when they are beyond `maxOffset`. */
  hasMore: boolean;
  nextOffset: number | null;
  cursor: string | null;
  total?: number;
  /** The URLs of the next and previous page; absent or null: none. */
  nextUrl?: string | null;
  previousUrl?: string | null;
}

/** All loaded and checked mappings. */
export interface Mappings {
  surfaces: Surface[];
  shapes: Shape[];
  touches: TouchRule[];
  /** Builds the OpenAPI 3.1 document of a surface; reads the examples from their files. Undefined: no such surface. */
  openApi(surface: string, facts: ServerFacts): object | undefined;
  /** What a surface and its shapes are, as JSON; and one shape with its fields, codes, filters, losses and file. Undefined: there is none. */
  explainSurface(surface: string): object | undefined;
  explainShape(surface: string, shape: string): object | undefined;
}

/**
 * When a joined resource is deleted or refers to another owner, its former owner gets a new version in the same transaction. Otherwise a shown
 * modification time (the latest of owner and joined resources) could go back.
 */
export interface TouchRule {
  /** The type of the joined resource. */
  joinedType: ServedType;
  /** The owners that a write no longer refers to; `next` is absent for a deletion. */
  findAbandonedOwners(previous: Resource, next: Resource | undefined, baseUrl: string): { type: ServedType; id: string }[];
}

/** Facts of the server in an OpenAPI document. */
export interface ServerFacts {
  version: string;
  /** The base URLs of the surface, the most usual first. */
  servers: { url: string; description: string }[];
  /** The limit in force per key; null: none. */
  rateLimit: { limit: number; seconds: number } | null;
  /** Larger bodies are refused, in bytes. */
  bodyLimit: number;
}

/** The maximum number of items in one list response, for every mapping: no request may read a whole database. */
export const MAX_LIST_ITEMS = 10_000;
