// The page links of a search. Their content is sealed. docs/decisions/0005-search-order-and-page-links.md
import { isObject } from '../../fhir/json-values.ts';
import { invalid } from '../../fhir/outcome.ts';
import type { Position } from '../../store/search/page.ts';
import type { FhirCall } from './fhir-call.ts';

type Parameters = [name: string, value: string][];

/** The content of a page link: the path and parameters of the search, and the position after which the page begins. */
interface PageLinkContent {
  path: string;
  parameters: Parameters;
  after?: Position;
}

const FORMAT_PARAMETERS = new Set(['_format', '_pretty']);

/** Whether a parameter concerns only the format of the response. */
export const isFormatParameter = ([name]: [string, string]): boolean => FORMAT_PARAMETERS.has(name);

/** The absolute link to a page. */
export const buildPageLink = ({ context, pageTokens }: FhirCall, page: PageLinkContent): string =>
  `${context.baseUrl}${page.path}?_page=${pageTokens.seal(context.caller.tenant, page)}`;

/** Opens the page link in `_page`, if the request has one. A link of another search is refused (400). */
export function openPageLink({ context, pageTokens }: FhirCall, path: string, parameters: Parameters): PageLinkContent | undefined {
  const sealed = parameters.find(([name]) => name === '_page')?.[1];
  if (sealed === undefined) return undefined;
  const opened = pageTokens.open(context.caller.tenant, sealed);
  if (!isSearchPage(opened, path)) throw invalid('this page link belongs to another search');
  return opened;
}

const isSearchPage = (content: unknown, path: string): content is PageLinkContent => isObject(content) && content.path === path;
