// Junction's catalogue: the team's lab tests, their markers, and the markers that can be ordered one by one. Each list is complete or fails: a missing page would
// look like tests that are no longer offered.
// https://docs.junction.com/api-reference/lab-testing/tests, https://docs.junction.com/api-reference/lab-testing/markers
import { toList, toRecord } from '../fhir/json-values.ts';
import type { Outcome } from '../messaging/outcome.ts';
import type { JunctionAccount } from './account.ts';
import { readTextField } from './json-fields.ts';
import { buildPath, type JunctionPath } from './path.ts';
import { classifyResponse, createTransport } from './transport.ts';

export interface LabTest {
  id: string;
  name: string;
  /** Can be ordered. A test that awaits approval or was deactivated cannot. */
  isActive: boolean;
  /** `walk_in_test`, `testkit` … */
  method: string | undefined;
  laboratory: Laboratory | undefined;
}

/** `slug`: the short name, as in the systems of laboratories' codes. */
export interface Laboratory {
  slug: string;
  name: string;
}

export interface CatalogueMarker {
  name: string;
  slug: string;
  description: string | undefined;
  /** The laboratory's own code. */
  code: string | undefined;
  isOrderable: boolean;
  /** The LOINC codes of the expected results, each once. */
  loincCodes: string[];
}

/** Every request is aborted by the signal that `createSignal` returns. */
export interface JunctionCatalogueReader {
  listLabTests(): Promise<Outcome<LabTest[]>>;
  listMarkersOfTest(labTestId: string): Promise<Outcome<CatalogueMarker[]>>;
  /** The markers of a laboratory that can be ordered one by one. */
  listSingleMarkers(laboratory: string): Promise<Outcome<CatalogueMarker[]>>;
}

/** Items per page: the maximum that the description allows for markers. */
const PAGE_SIZE = 100;
const MAX_PAGES = 500;

export function createJunctionCatalogueReader(
  account: () => JunctionAccount | undefined,
  createSignal: () => AbortSignal,
): JunctionCatalogueReader {
  const send = createTransport(account);
  const get = async <T>(path: JunctionPath, query: Record<string, string>, parse: (body: unknown) => T | undefined): Promise<Outcome<T>> =>
    classifyResponse(await send({ method: 'GET', path, query, signal: createSignal() }), parse);
  const listMarkers = (path: JunctionPath, query: Record<string, string>): Promise<Outcome<CatalogueMarker[]>> =>
    readPages(async (page = '1') => get(path, { ...query, page, size: String(PAGE_SIZE) }, parseMarkersPage));
  return {
    listLabTests: () =>
      readPages((cursor) =>
        get(
          buildPath`/v3/lab_test`,
          { lab_test_limit: String(PAGE_SIZE), ...(cursor !== undefined && { next_cursor: cursor }) },
          parseLabTestsPage,
        ),
      ),
    listMarkersOfTest: (id) => listMarkers(buildPath`/v3/lab_tests/${id}/markers`, {}),
    listSingleMarkers: (laboratory) => listMarkers(buildPath`/v3/lab_tests/markers`, { lab_slug: laboratory, a_la_carte_enabled: 'true' }),
  };
}

/** `next`: the page or cursor that follows; undefined: the last page. */
interface Page<Item> {
  items: Item[];
  next: string | undefined;
}

async function readPages<Item>(readPage: (next?: string) => Promise<Outcome<Page<Item>>>): Promise<Outcome<Item[]>> {
  const items: Item[] = [];
  let next: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const outcome = await readPage(next);
    if (outcome.kind !== 'accepted') return outcome;
    items.push(...outcome.value.items);
    next = outcome.value.next;
    if (next === undefined) return { kind: 'accepted', value: items };
  }
  return { kind: 'unknown', why: `the list has more than ${MAX_PAGES} pages` };
}

function parseLabTestsPage(body: unknown): Page<LabTest> | undefined {
  const { data } = toRecord(body);
  if (!Array.isArray(data)) return undefined;
  const items = data.flatMap((item) => parseLabTest(item) ?? []);
  return items.length < data.length ? undefined : { items, next: readTextField(body, 'next_cursor') };
}

function parseLabTest(json: unknown): LabTest | undefined {
  const test = toRecord(json);
  const [id, name] = [readTextField(test, 'id'), readTextField(test, 'name')];
  if (id === undefined || name === undefined) return undefined;
  const [slug, laboratory] = [readTextField(test.lab, 'slug'), readTextField(test.lab, 'name')];
  return {
    id,
    name,
    isActive: test.status === undefined ? test.is_active === true : test.status === 'active',
    method: readTextField(test, 'method'),
    laboratory: slug === undefined ? undefined : { slug, name: laboratory ?? slug },
  };
}

function parseMarkersPage(body: unknown): Page<CatalogueMarker> | undefined {
  const { markers, page, pages } = toRecord(body);
  if (!Array.isArray(markers)) return undefined;
  const items = markers.flatMap((item) => parseMarker(item) ?? []);
  if (items.length < markers.length) return undefined;
  const isLast = typeof page !== 'number' || typeof pages !== 'number' || page >= pages;
  return { items, next: isLast ? undefined : String(page + 1) };
}

function parseMarker(json: unknown): CatalogueMarker | undefined {
  const marker = toRecord(json);
  const [name, slug] = [readTextField(marker, 'name'), readTextField(marker, 'slug')];
  if (name === undefined || slug === undefined) return undefined;
  const results = toList(marker.expected_results);
  return {
    name,
    slug,
    description: readTextField(marker, 'description'),
    code: readTextField(marker, 'provider_id'),
    isOrderable: marker.is_orderable !== false,
    loincCodes: [...new Set(results.flatMap((result) => readTextField(toRecord(result).loinc, 'code') ?? []))],
  };
}
