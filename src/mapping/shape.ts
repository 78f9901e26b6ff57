// What a loaded mapping can do, in types: the contract between the mapping language (this room) and the doors that use it (src/http/vendor, src/orders).
// All of it is pure: no Express, no SQL, no clock, no I/O after loading. What only the server knows comes in as `Env`.
import type { ParsedJson } from '../fhir/json.ts';
import type { ErrorKind, Issue } from '../fhir/outcome.ts';
import type { Resource, ServedType } from '../fhir/types.ts';
import type { PathVariables } from '../fhir/writable-path/path.ts';

/** A value of a shape: the vendor's JSON, without its envelope. */
export type View = Record<string, unknown>;

/** What the server knows and the resource does not say. */
export interface Env {
  /** When the resource was first stored. */
  created?: string;
  /** The base URL of this server: absolute references to it are its own. */
  baseUrl?: string;
  /** An id minted for this write, and the time of it. */
  newId?: string;
  now?: string;
  /** The brand of what says none, in the caller's tenant. */
  defaultBrand?: string | undefined;
  /** The UUID a surface shows for an id that is not a lower-case UUID (version 5 of tenant, type and id). */
  alias: (type: string, id: string) => string;
  /** The FHIR id behind an id as shown, where the shown one is an alias; looked up before a lens runs. */
  resolved?: ReadonlyMap<string, string>;
  /** Joined resources by the name of their `with:` row, and the bound row key. */
  [name: string]: unknown;
}

/** `update` changes some fields (PATCH), `replace` all of them (PUT); `perform` (POST) does something to an item that is there. */
export type ShapeInteraction = 'create' | 'read' | 'search' | 'update' | 'replace' | 'delete' | 'perform';

/** The fields whose value a change asks to be another, null where there shall be none; and what is wrong with it. */
export interface ChangePlan {
  fields: View;
  issues: Issue[];
}

/** One documented JSON body of one vendor, tied to a resource type. */
export interface Shape {
  surface: Surface;
  /** File name without `.yaml`: `lab-order`. */
  name: string;
  resource: ServedType;
  /** Of the collection, as the vendor documents it: `/v1/lab-orders`. */
  path: string;
  /** Of an item, with `{id}`: `/v1/lab-orders/{id}`, or of a part of one, `/v1/patients/{id}/safe`. */
  itemPath: string;
  /** What a path may name beside the id of an item (`patient_id`): a parameter of a list, a field of a request that no body says. */
  pathParameters: string[];
  /** The field that shows an item's id. */
  idName: string;
  /** What a list of its items is called (`patients`), empty when the vendor does not say. */
  plural: string;
  interactions: ShapeInteraction[];
  /** What a list takes of all that is found: a page, without paging all of it, or the first alone. */
  take: 'page' | 'all' | 'first';
  /** How many of `all` there may be: where more are found, the request is refused. */
  maxItems: number;
  /** Whether its item is the Patient that the caller's key stands for. */
  itemIsCaller: boolean;
  /** Whether it is about that person at all: keys that stand for one open these shapes alone, and other keys do not open them. */
  isPersonal: boolean;
  /** The shape of the same surface in whose form what was performed is answered. */
  responseShape?: string;
  /** The shape and the field of the person's own item that take the id of what a create has made. */
  linkBack?: { shape: string; field: string };
  /** The status of a create that made something. */
  createdStatus: 200 | 201;
  idempotency: 'required' | 'optional';
  /** Whether it shows numbers: they are shown with the digits they are stored with. */
  hasNumbers: boolean;
  /** A create of many items by one request; absent: a request makes one. */
  batch?: BatchCreate;
  /** JSON Schemas (draft 2020-12) of the request that makes an item, of some fields and of a whole new body of one that is there, and of one item in a response. */
  requestSchema: object;
  changeSchema: object;
  replaceSchema: object;
  responseSchema: object;
  /** Whether a request that makes an item, or performs something, must say anything: one that need not may come without a body. */
  requiresBody: boolean;
  /** The body that is sent: an item, and a list; `parameters`: those of the request by their names. */
  wrapItem(view: View, facts: ResponseFacts): unknown;
  wrapList(views: View[], page: PageInfo, facts: ResponseFacts, parameters: Record<string, string>): unknown;
  /** Whether a resource of the type, as it is shown, is an item of this shape at all: any ServiceRequest is no lab order. */
  isItem(view: View): boolean;
  /**
   * What is wrong with a request body, in the vendor's own field names (`patient.last_name` in `expression`); empty when nothing is. `now`: ISO 8601, for
   * days that must have come.
   */
  checkRequest(body: unknown, now: string): Issue[];
  /**
   * What a change asks for. `merge`: an object is merged into what is shown (RFC 7396), a list is operations on it (RFC 6902); `replace`: a whole new body;
   * `perform`: a body that `check` has nothing against, and the time of it. `view`: the item as it stands, with `all`; `time`: ISO 8601. A body that is no
   * change at all is a FhirError.
   */
  planChange(how: 'merge' | 'replace' | 'perform', body: ParsedJson, now: { view: View; time: string }): ChangePlan;
  /** What is wrong with a change once it is made: fields that were asked to have no value, and show one all the same. */
  checkUnsetFields(asked: View, after: View): Issue[];
  /** The body without the properties the shape does not know, and without blank texts: they say nothing. */
  pickKnownFields(body: View): View;
  /** resource → view (projection). `all`: also the fields that are never shown (what an order said of its patient). `bare`: a missing value is null, whatever stands for it. */
  read(resource: Resource, env: Env, options?: ReadOptions): View;
  /**
   * view → resource: puts the view into `into` (a new resource when absent); every element the mapping does not name stays. A field that is missing is
   * unset. `server`: exactly the fields that the view has are written, read-only ones too, and all others stay. `bare`: a value that stands for a missing
   * one is written too.
   */
  write(view: View, into: Resource | undefined, env: Env, options?: WriteOptions): Resource;
  /** The vendor's field behind a FHIRPath expression that a check of the resource named, or undefined. */
  findField(expression: string): string | undefined;
  /** The query parameters of its list, without those for paging. */
  filters: string[];
  /** Of those parameters what the fields of a list show by: each that is said, by its name. */
  pickBoundParameters(parameters: Record<string, string>): Record<string, string>;
  /** Those parameters → FHIR search string; a value outside its domain is a FhirError `parameter` naming it. */
  buildQuery(parameters: Record<string, string>, env: Env): string;
  /** The ids among query parameters, as UUIDs: one that is an alias is looked up and given to `query` as `env.resolved`. */
  readIdParameters(parameters: Record<string, string>): IdParameter[];
  /** Searches that bring in what the shape shows beside the resource: one search for a whole page. */
  joins: Join[];
  /** References in a request that must lead to something, and how their absence is answered. */
  referenceRules: ReferenceRule[];
  /** Names in a request that become references when exactly one resource carries them. */
  links: NameLink[];
  /** When the same thing may exist already: the match keys to lock, the searches that find candidates, and whether a candidate is the same. Null: never. */
  buildDuplicateCheck(view: View): DuplicateCheck | null;
  /** What is said of an item that is there already, and of an idempotency-key that was used for something else. */
  messages: { duplicate: string; idempotency: string };
  /** FHIR search for the resource a create goes into (`Practitioner?identifier=…`), null: always a new one. `resolved`: alias → FHIR id. */
  buildTargetSearch(view: View, resolved?: ReadonlyMap<string, string>): string | null;
  /** Shapes whose items are elements of a resource: the keys of the items in a resource, and the key a view names. Absent for all others. */
  rows?: RowItems & { search(id: string): string };
  /** Name of the outside step a create waits for (`lab-order`, `physician`), or undefined. */
  externalStep?: string;
}

/** Options of a read: `all`: write-only fields are shown too; `bare`: a missing value is null, whatever its default. */
export interface ReadOptions {
  all?: boolean;
  bare?: boolean;
}

/** Options of a write: `server`: exactly the fields of the view are written, read-only ones too; `bare`: a value equal to the default is written too. */
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

/** What to lock before a create, and where to look for the same item. */
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
  /** The key that a view names. */
  readKey(view: View): string;
}

/** `missing`: how it is answered that nothing has this id; absent: then nothing is found by it. */
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
  /** The items that a request asks for, each as the request for one would say it. */
  splitRequest(said: View): View[];
  /** A field of the nth item as the request names it: `readings[2].code`. */
  toRequestField(field: string, nth: number): string;
  /** The id that follows from what an item says; undefined: every item is a new one. */
  buildId(item: View, env: Env): string | undefined;
}

/** `accepts`: what the reference leads to must also go with the rest of the request (an order for a patient of another brand is one for nobody). */
export interface ReferenceRule {
  field: string;
  missing: ErrorKind;
  /** What the view refers to there, each with what is added to the field's name. */
  readReferences(view: View): { at: string; type: ServedType; id: string }[];
  /** What other fields refer to that must agree with it (a provider is of the patient's own brand). */
  readRelatedReferences(view: View): { name: string; type: ServedType; id: string }[];
  /** `led`: what those lead to, by the name of the field. */
  acceptsTarget(target: Resource, view: View, led?: Readonly<Record<string, Resource | undefined>>): boolean;
}

export interface Join {
  name: string;
  /** The type of the joined resources. */
  type: ServedType;
  /** The joins that lead to this one: they are asked for before it. */
  dependsOn: string[];
  /** It is asked for with the id of the item alone. */
  usesOwnerId: boolean;
  /** The ids to search with for a resource of the page; `known`: what is joined to it by then. `baseUrl`: this server's, for references that are absolute. */
  readIds(owner: Resource, known: PathVariables, baseUrl: string): string[];
  /** FHIR search for all of these ids at once. */
  buildSearch(ids: string[]): string;
  /** Shares an answer out: which part of it belongs to a resource. */
  distribute(answer: Resource[], baseUrl: string): (owner: Resource, known: PathVariables) => Resource[];
}

/** The habits all shapes of one vendor share (`surface.yaml`). */
export interface Surface {
  name: string;
  /** What people call it. */
  title: string;
  /** Host names it owns (`*.platform.example.com`), and path prefixes it is mounted under (`/loop`, `/api-v1`). */
  hosts: string[];
  mounts: string[];
  /** How development keys of this surface begin (`clk_`), and which header carries them. */
  auth: { scheme: 'api-key' | 'bearer'; header: string; prefix: string };
  page: PageSpec;
  /** `per: tenant`: of all keys of a tenant together; else of each key. */
  rateLimit: { limit: number; seconds: number; per?: 'tenant' } | null;
  /** Kinds of failure → this vendor's status and code. */
  describeError(kind: ErrorKind): { status: number; code: string; says?: string | undefined };
  /** Envelopes: the body that is sent, where a shape has none of its own. */
  wrapItem(view: View, facts: ResponseFacts): unknown;
  wrapList(views: View[], page: PageInfo, facts: ResponseFacts, plural: string): unknown;
  wrapError(kind: ErrorKind, issues: Issue[], facts: ResponseFacts): { status: number; body: unknown };
  /** Extra headers of every answer of this surface. */
  buildHeaders(facts: ResponseFacts): Record<string, string>;
  /** Ids as this surface shows them, both ways; `undefined` when the text is no id of it. */
  encodeId(type: string, id: string, env: Env): string;
  decodeId(type: string, shown: string): string | undefined;
}

/**
 * How lists are paged: the names of the parameters, the first page's `number` being 1 (no `offset` then), and the sizes. `clamp`: sizes out of range are
 * brought into it, else refused. `maxOffset`: how many items may lie before a page, at most. `total`: lists state how many there are.
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
  /** Whether there are items behind the page, also where no page begins there any more: `nextOffset` is null then. */
  hasMore: boolean;
  nextOffset: number | null;
  cursor: string | null;
  total?: number;
  /** The same request for the page after this one, and for the one before; absent or null: there is none. */
  nextUrl?: string | null;
  previousUrl?: string | null;
}

/** Everything found under `mappings/` and checked. */
export interface Mappings {
  surfaces: Surface[];
  shapes: Shape[];
  touches: TouchRule[];
  /** The OpenAPI 3.1 document of a surface, made when it is asked for: the examples are read from their files. Undefined: there is no such surface. */
  openApi(surface: string, facts: ServerFacts): object | undefined;
}

/**
 * A joined resource that leaves takes its share of what a shape shows with it, and with that the time of it. So that a time shown never goes back, every
 * resource it leaves gets a new version of the same content, in the transaction that deletes the joined resource or makes it refer elsewhere.
 */
export interface TouchRule {
  /** The type of the joined resource. */
  joinedType: ServedType;
  /** What a write of it leaves; `next` is absent for a deletion. */
  findAbandonedOwners(previous: Resource, next: Resource | undefined, baseUrl: string): { type: ServedType; id: string }[];
}

/** What a document says of the server beside its mappings. */
export interface ServerFacts {
  version: string;
  /** Where the surface answers, the most usual first. */
  servers: { url: string; description: string }[];
  /** The limit in force per key; null: none. */
  rateLimit: { limit: number; seconds: number } | null;
  /** Larger bodies are refused, in bytes. */
  bodyLimit: number;
}

/** One answer holds no more than this, whatever a mapping says: nobody reads a database by one request. */
export const MAX_LIST_ITEMS = 10_000;
