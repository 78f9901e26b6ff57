// Reading interactions as HTTP: read, vread, search. What they do stands in src/resource.
import { invalid, notSupported } from '../fhir/outcome.ts';
import { read as readResource } from '../resource/read.ts';
import { search as searchResources } from '../resource/search.ts';
import { vread as readVersion } from '../resource/vread.ts';
import type { Row } from '../store/store.ts';
import { searchBundle } from './bundle.ts';
import type { FhirAnswer, FhirCall } from './fhir-call.ts';
import { isKnown } from './fhir-conditions.ts';
import { type Subset, subsetOf } from './fhir-subset.ts';

/** ETag and Last-Modified of a version: https://hl7.org/fhir/R4/http.html#versioning */
export const versionFacts = (row: Row): { headers: Record<string, string>; lastModified: string } => ({
  headers: { ETag: `W/"${row.version}"`, 'Last-Modified': new Date(row.lastUpdated).toUTCString() },
  lastModified: row.lastUpdated,
});

/** The parameters a read takes: how the resource is shown. Anything else is refused (400), `_summary=count` too: there is nothing to count. */
function shownAs({ query, type }: FhirCall): Subset {
  const { subset, rest } = subsetOf(query, type);
  if (rest.some(([name]) => name !== '_format' && name !== '_pretty'))
    throw notSupported('a read takes _format, _pretty, _summary and _elements');
  return subset;
}

/** https://hl7.org/fhir/R4/http.html#read, conditional read: #cread */
export async function read(call: FhirCall): Promise<FhirAnswer> {
  const subset = shownAs(call);
  const row = await readResource(call.context, call);
  if (isKnown(call, row)) return { status: 304, ...versionFacts(row) };
  return { status: 200, ...versionFacts(row), body: subset.of(row.body, row.type) };
}

/** https://hl7.org/fhir/R4/http.html#vread */
export async function vread(call: FhirCall): Promise<FhirAnswer> {
  const subset = shownAs(call);
  const row = await readVersion(call.context, call);
  return { status: 200, ...versionFacts(row), body: subset.of(row.body, row.type) };
}

/** https://hl7.org/fhir/R4/http.html#search by GET */
export const search = (call: FhirCall): Promise<FhirAnswer> => searchWith(call, call.query, false);

/** Search by POST: parameters of the URL and of the form add up. */
export const searchByPost = async (call: FhirCall): Promise<FhirAnswer> =>
  searchWith(call, [...call.query, ...(await call.body.form())], true);

async function searchWith(call: FhirCall, given: [string, string][], hidden: boolean): Promise<FhirAnswer> {
  const { context, type, seal } = call;
  const { tenant } = context.caller;
  const sealed = given.find(([name]) => name === '_page')?.[1];
  const opened =
    sealed === undefined
      ? undefined
      : (seal.open(tenant, sealed) as { type: string; parameters: [string, string][]; after?: (string | null)[] });
  if (opened && opened.type !== type) throw invalid('this page link belongs to another resource type');
  const { subset, rest: parameters } = subsetOf(
    (opened?.parameters ?? given).filter(([name]) => name !== '_format' && name !== '_pretty'),
    type,
  );
  if (subset.summary === 'text' && parameters.some(([name]) => name === '_include' || name === '_revinclude'))
    throw invalid('_summary=text cannot stand together with _include or _revinclude');
  const handling = /handling=lenient/.test(call.header('prefer') ?? '') ? 'lenient' : 'strict';
  const page = await searchResources(context, {
    type,
    parameters,
    handling,
    scoped: true,
    ...(opened?.after && { start: { after: opened.after } }),
  });
  const used = [...page.parsed.self, ...subset.parameters];
  const shown = {
    ...page,
    rows: page.rows.map((row) => shownRow(subset, row)),
    included: page.included.map((row) => shownRow(subset, row)),
  };
  const link = (after?: (string | null)[]): string =>
    `${context.baseUrl}/${type}?_page=${seal.close(tenant, { type, parameters: used, ...(after && { after }) })}`;
  const plainSelf = `${context.baseUrl}/${type}${used.length ? `?${new URLSearchParams(used)}` : ''}`;
  const self = hidden || opened ? link(opened?.after) : plainSelf;
  return { status: 200, body: searchBundle(context.baseUrl, shown, { self, next: page.next && link(page.next) }) };
}

const shownRow = (subset: Subset, row: Row): Row => (row.body === null ? row : { ...row, body: subset.of(row.body, row.type) });
