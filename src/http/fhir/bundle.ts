// Bundles put together from stored texts: nothing is parsed or written again. https://hl7.org/fhir/R4/bundle.html
import type { Issue } from '../../fhir/outcome.ts';
import type { ParsedSearch } from '../../fhir/search/request.ts';
import type { Row } from '../../store/resources/row.ts';
import type { TimelineRow } from '../../store/resources/timeline.ts';
import type { Explained } from '../../store/search/explain.ts';
import type { Page } from '../../store/search/page.ts';
import { operationOutcome } from '../middleware/error-handler.ts';
import { explainEntry } from './explain.ts';

interface Links {
  self: string;
  next?: string | undefined;
}

/** A page of a search. */
interface Shown extends Page {
  parsed: Pick<ParsedSearch, 'ignored'>;
  statements?: Explained[];
}

/** A searchset: matches, then what was included, then a warning of what was not understood (lenient handling) or not followed. */
export function searchBundle(base: string, page: Shown, links: Links): string {
  const entries = [
    ...page.rows.map((row) => entry(base, row, 'match')),
    ...page.included.map((row) => entry(base, row, 'include')),
    ...outcomeEntry([...page.parsed.ignored.map(ignored), ...(page.deeper ? [DEEPER] : [])]),
    ...(page.statements ? [explainEntry(page.statements)] : []),
  ];
  const total = page.total === undefined ? '' : `,"total":${page.total}`;
  return bundle('searchset', total, links, entries);
}

const entry = (base: string, { type, id, body }: Row, mode: 'match' | 'include'): string =>
  `{"fullUrl":${JSON.stringify(`${base}/${type}/${id}`)},"resource":${body},"search":{"mode":"${mode}"}}`;

/** https://hl7.org/fhir/R4/search.html#errors: an outcome in a searchset holds no errors */
const outcomeEntry = (issues: Issue[]): string[] =>
  issues.length ? [`{"resource":${JSON.stringify(operationOutcome(issues))},"search":{"mode":"outcome"}}`] : [];

const ignored = (name: string): Issue => ({ severity: 'warning', code: 'not-supported', text: `${name} is not supported and was ignored` });

const DEEPER: Issue = {
  severity: 'warning',
  code: 'too-costly',
  text: ':iterate was followed as far as this server goes, and there is more: search from the resources included last',
};

/** A history, newest first: each version with the request that made it. https://hl7.org/fhir/R4/http.html#history */
export function historyBundle(base: string, rows: TimelineRow[], links: Links): string {
  return bundle(
    'history',
    '',
    links,
    rows.map((row) => historyEntry(base, row)),
  );
}

function historyEntry(base: string, { type, id, version, lastUpdated, method, made, body }: TimelineRow): string {
  const url = method === 'POST' ? type : `${type}/${id}`;
  const status = method === 'DELETE' ? '204' : made ? '201' : '200';
  const facts = `"request":{"method":"${method}","url":"${url}"},"response":{"status":"${status}","etag":"W/\\"${version}\\"","lastModified":"${lastUpdated}"}`;
  return `{"fullUrl":${JSON.stringify(`${base}/${type}/${id}`)},${body === null ? '' : `"resource":${body},`}${facts}}`;
}

function bundle(type: string, total: string, { self, next }: Links, entries: string[]): string {
  const links = [{ relation: 'self', url: self }, ...(next ? [{ relation: 'next', url: next }] : [])];
  const listed = entries.length ? `,"entry":[${entries.join(',')}]` : '';
  return `{"resourceType":"Bundle","type":"${type}"${total},"link":${JSON.stringify(links)}${listed}}`;
}
