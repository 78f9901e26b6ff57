// Builds Bundles by concatenating stored JSON texts, without parsing them. https://hl7.org/fhir/R4/bundle.html
import type { Issue } from '../../fhir/outcome.ts';
import type { ParsedSearch } from '../../fhir/search/request.ts';
import { findApi, type HistoryPage } from '../../interactions/history.ts';
import type { HistoryEntry } from '../../store/resources/history.ts';
import type { FoundRow } from '../../store/resources/resource-row.ts';
import type { ExplainedStatement } from '../../store/search/explain.ts';
import type { ResultPage } from '../../store/search/page.ts';
import { buildOperationOutcome } from '../middleware/error-handler.ts';
import { buildExplainEntry } from './explain.ts';

export interface BundleLinks {
  self: string;
  next?: string;
  previous?: string;
}

/** A page of a search. */
interface SearchPage extends ResultPage<FoundRow> {
  parsed: Pick<ParsedSearch, 'ignored'>;
  statements?: ExplainedStatement[];
}

/** A searchset: matches, included resources, and warnings about ignored parameters (lenient handling) and about includes that were not followed to the end. */
export function buildSearchBundle(base: string, page: SearchPage, links: BundleLinks): string {
  const entries = [
    ...page.rows.map((row) => buildSearchEntry(base, row, 'match')),
    ...page.included.map((row) => buildSearchEntry(base, row, 'include')),
    ...buildOutcomeEntry([...page.parsed.ignored.map(buildIgnoredWarning), ...(page.isTruncated ? [DEEPER_WARNING] : [])]),
    ...(page.statements ? [buildExplainEntry(page.statements)] : []),
  ];
  return buildBundle('searchset', page.total, links, entries);
}

const buildSearchEntry = (base: string, { type, id, body }: FoundRow, mode: 'match' | 'include'): string =>
  `{"fullUrl":${JSON.stringify(`${base}/${type}/${id}`)},"resource":${body},"search":{"mode":"${mode}"}}`;

/** The outcome in a searchset must not have errors. https://hl7.org/fhir/R4/search.html#errors */
const buildOutcomeEntry = (issues: Issue[]): string[] =>
  issues.length ? [`{"resource":${JSON.stringify(buildOperationOutcome(issues))},"search":{"mode":"outcome"}}`] : [];

const buildIgnoredWarning = (name: string): Issue => ({
  severity: 'warning',
  code: 'not-supported',
  text: `${name} is not supported and was ignored`,
});

const DEEPER_WARNING: Issue = {
  severity: 'warning',
  code: 'too-costly',
  text: 'the limit of :iterate was reached and more resources could be included: search again from the resources included last',
};

/** A history, newest first: each version with the request that created it. https://hl7.org/fhir/R4/http.html#history */
export function buildHistoryBundle(
  base: string,
  { rows, total }: Pick<HistoryPage, 'rows' | 'total'>,
  links: BundleLinks,
  options: HistoryOptions,
): string {
  return buildBundle(
    'history',
    total,
    links,
    rows.map((row) => buildHistoryEntry(base, row, options)),
  );
}

interface HistoryOptions {
  /** Whether each version has its actor, as the audit names it. */
  withActor: boolean;
}

/**
 * R4 has no element for the API through which a request came, nor for who sent it, so the request has extensions. The urls are our own.
 * https://hl7.org/fhir/R4/bundle-definitions.html#Bundle.entry.request, https://hl7.org/fhir/R4/extensibility.html
 */
const API_NAME_URL = 'urn:facet:door';
const ACTOR_URL = 'urn:facet:actor';

function buildHistoryEntry(base: string, row: HistoryEntry, { withActor }: HistoryOptions): string {
  const { type, id, version, lastUpdated, method, isCreation, body, actor } = row;
  const extension = JSON.stringify([
    { url: API_NAME_URL, valueCode: findApi(row) },
    ...(withActor ? [{ url: ACTOR_URL, valueString: actor }] : []),
  ]);
  const url = method === 'POST' ? type : `${type}/${id}`;
  const status = method === 'DELETE' ? '204' : isCreation ? '201' : '200';
  const facts = `"request":{"extension":${extension},"method":"${method}","url":"${url}"},"response":{"status":"${status}","etag":"W/\\"${version}\\"","lastModified":"${lastUpdated}"}`;
  return `{"fullUrl":${JSON.stringify(`${base}/${type}/${id}`)},${body === null ? '' : `"resource":${body},`}${facts}}`;
}

/** `total`: undefined if it is not known. https://hl7.org/fhir/R4/bundle-definitions.html#Bundle.total */
function buildBundle(type: string, total: number | undefined, links: BundleLinks, entries: string[]): string {
  const relations = (['self', 'next', 'previous'] as const).flatMap((relation) => {
    const url = links[relation];
    return url === undefined ? [] : { relation, url };
  });
  const count = total === undefined ? '' : `,"total":${total}`;
  const listed = entries.length ? `,"entry":[${entries.join(',')}]` : '';
  return `{"resourceType":"Bundle","type":"${type}"${count},"link":${JSON.stringify(relations)}${listed}}`;
}
