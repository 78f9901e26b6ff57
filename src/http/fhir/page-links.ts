// The page links of a search, a history or `$everything`. Their content is sealed. docs/decisions/0005-search-order-and-page-links.md
import { isObject } from '../../fhir/json-values.ts';
import { invalid } from '../../fhir/outcome.ts';
import type { Position } from '../../store/search/page.ts';
import type { BundleLinks } from './bundle.ts';
import type { FhirCall } from './fhir-call.ts';

type Parameters = [name: string, value: string][];

/** The paged request: its path relative to the base, and its parameters. */
interface PagedRequest {
  path: string;
  parameters: Parameters;
}

/** The position after which a page begins; null for the first page. */
type PageBeginning = Position | null;

/** The content of a page link. `earlier`: the beginnings of the pages before it, oldest first. */
interface PageLinkContent extends PagedRequest {
  after?: Position;
  earlier?: PageBeginning[];
}

/** Bounds the length of a page link. After this many steps back, a page has no link to the previous one. */
const MAX_EARLIER = 10;

const FORMAT_PARAMETERS = new Set(['_format', '_pretty']);

/** Whether a parameter concerns only the format of the response. */
export const isFormatParameter = ([name]: [string, string]): boolean => FORMAT_PARAMETERS.has(name);

/** Opens the page link in `_page`, if the request has one. A link of another request is refused (400). */
export function openPageLink({ context, pageTokens }: FhirCall, path: string, parameters: Parameters): PageLinkContent | undefined {
  const sealed = parameters.find(([name]) => name === '_page')?.[1];
  if (sealed === undefined) return undefined;
  const opened = pageTokens.open(context.caller.tenant, sealed);
  if (!isPageLinkContent(opened, path)) throw invalid('this page link belongs to another search');
  return opened;
}

const isPageLinkContent = (content: unknown, path: string): content is PageLinkContent =>
  isObject(content) && content.path === path && Array.isArray(content.parameters);

/**
 * The links of a page. The self link of the first page says the parameters that were used, also after a search by POST
 * (https://hl7.org/fhir/R4/search.html#conformance). All other links are sealed. `previous` is the relation that R4 names
 * (https://hl7.org/fhir/R4/http.html#paging).
 */
export function buildPageLinks(
  call: FhirCall,
  request: PagedRequest,
  { opened, next }: { opened: PageLinkContent | undefined; next: Position | undefined },
): BundleLinks {
  const { path, parameters } = request;
  const earlier = opened?.earlier ?? [];
  const seal = (after: PageBeginning, before: PageBeginning[]): string =>
    sealPageLink(call, { path, parameters, ...(after && { after }), ...(before.length && { earlier: before }) });
  const beginning = opened?.after ?? null;
  return {
    self: opened
      ? seal(beginning, earlier)
      : `${call.context.baseUrl}${path}${parameters.length ? `?${new URLSearchParams(parameters)}` : ''}`,
    ...(next && { next: seal(next, [...earlier, beginning].slice(-MAX_EARLIER)) }),
    ...(earlier.length && { previous: seal(earlier.at(-1) ?? null, earlier.slice(0, -1)) }),
  };
}

const sealPageLink = ({ context, pageTokens }: FhirCall, content: PageLinkContent): string =>
  `${context.baseUrl}${content.path}?_page=${pageTokens.seal(context.caller.tenant, content)}`;
