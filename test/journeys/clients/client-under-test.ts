// A FHIR client library, reduced to what the common journey calls. Each library's test file connects one.

export interface Resource {
  resourceType: string;
  id: string;
  meta: { versionId: string };
  [element: string]: unknown;
}

/** A resource as a client sends it first. */
export interface NewResource {
  resourceType: string;
  [element: string]: unknown;
}

export interface Bundle {
  resourceType: 'Bundle';
  type: string;
  total?: number;
  link?: { relation: string; url: string }[];
  entry?: BundleEntry[];
}

interface BundleEntry {
  fullUrl?: string;
  resource?: Resource;
  request?: { method: string; url: string };
  response?: { status: string; outcome?: Outcome };
  search?: { mode: string };
}

export interface Outcome {
  resourceType: 'OperationOutcome';
  issue: { severity: string; code: string; diagnostics?: string; expression?: string[] }[];
}

/** The request of one entry of a Bundle, in the terms of Bundle.entry. */
export interface Entry {
  method: 'GET' | 'POST' | 'PUT';
  url: string;
  resource?: NewResource;
  /** `urn:uuid:…` */
  fullUrl?: string;
}

export type Parameters = Record<string, string>;

/** A refusal as the client reports it: not every client tells the status, and not every client the OperationOutcome. */
export type Refusal = { status: number; code?: string } | { code: string; status?: number };

/** What the journey asks of a client. `undefined`: the library has no function for it. */
export interface ClientUnderTest {
  create(body: NewResource): Promise<Resource>;
  read(type: string, id: string): Promise<Resource>;
  update(resource: Resource): Promise<Resource>;
  delete(type: string, id: string): Promise<unknown>;
  search(type: string, parameters: Parameters): Promise<Bundle>;
  /** The refusal that a rejected call reports. */
  readRefusal(error: unknown): Refusal;
  metadata: (() => Promise<unknown>) | undefined;
  vread: ((type: string, id: string, version: string) => Promise<Resource>) | undefined;
  /** If-Match with the version of the resource. */
  updateIfUnchanged: ((resource: Resource) => Promise<Resource>) | undefined;
  /** If-None-Exist. */
  createOnce: ((body: NewResource, criteria: Parameters) => Promise<Resource>) | undefined;
  updateMatching: ((body: NewResource, criteria: Parameters) => Promise<Resource>) | undefined;
  /** A JSON Patch. */
  patch:
    | ((type: string, id: string, operations: { op: 'replace' | 'test'; path: string; value: unknown }[]) => Promise<Resource>)
    | undefined;
  /** The pages of a search as the library's own paging reads them. */
  searchPages: ((type: string, parameters: Parameters) => Promise<Resource[][]>) | undefined;
  history: ((type: string, id: string) => Promise<Bundle>) | undefined;
  /** The versions on each page of a history. */
  historyPages: ((type: string, id: string, count: number) => Promise<string[][]>) | undefined;
  transaction: ((entries: Entry[]) => Promise<Bundle>) | undefined;
  batch: ((entries: Entry[]) => Promise<Bundle>) | undefined;
  validate: ((resource: NewResource) => Promise<Outcome>) | undefined;
  /** A resource in XML is created. */
  createInXml: ((type: string, xml: string) => Promise<unknown>) | undefined;
  /** The XML of a resource. */
  readInXml: ((type: string, id: string) => Promise<string>) | undefined;
}

/** The Bundle of these entries, for libraries that take one. */
export const buildBundle = (type: 'batch' | 'transaction', entries: Entry[]) => ({
  resourceType: 'Bundle' as const,
  type,
  entry: entries.map(({ method, url, resource, fullUrl }) => ({
    ...(fullUrl !== undefined && { fullUrl }),
    ...(resource && { resource }),
    request: { method, url },
  })),
});

/** Each page from the first on, while `next` finds another. */
export async function collectPages<Page>(first: Page, next: (page: Page) => Promise<Page | undefined>): Promise<Page[]> {
  const pages = [first];
  for (let page = await next(first); page; page = await next(page)) pages.push(page);
  return pages;
}

export const listResources = ({ entry = [] }: Bundle): Resource[] => entry.map(({ resource }) => resource!);

export const listVersions = (bundle: Bundle): string[] => listResources(bundle).map(({ meta }) => meta.versionId);

export const findLink = ({ link = [] }: Bundle, relation: string): string | undefined =>
  link.find((candidate) => candidate.relation === relation)?.url;
