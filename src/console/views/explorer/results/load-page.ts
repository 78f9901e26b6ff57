// Sends a search and reads a page of its result.

import { parseDigits } from '../../../api/exact-json.ts';
import type { Bundle, Resource } from '../../../api/fhir.ts';
import { search } from '../../../api/fhir.ts';
import type { ReadOptions } from '../../../api/request.ts';
import type { Parameter } from '../query/search-query.ts';
import type { SentSearch } from '../query/sent-search.ts';

export interface ResultPage {
  /** The Bundle as it was sent. */
  text: string;
  matches: Resource[];
  included: Resource[];
  /** What the server says beside the matches. */
  warnings: string[];
  total: number | undefined;
  isFirst: boolean;
  /** The parameters of the pages beside it. */
  next: string | undefined;
  previous: string | undefined;
  milliseconds: number;
}

interface SearchEntry {
  resource?: Resource;
  search?: { mode?: string };
}

interface Outcome extends Resource {
  issue?: { diagnostics?: string; details?: { text?: string } }[];
}

const PAGE = '_page';

export async function loadPage({ query, page }: SentSearch, options: ReadOptions): Promise<ResultPage> {
  const begin = performance.now();
  const parameters: Parameter[] = page === undefined ? query.parameters : [[PAGE, page]];
  const { text, body } = await search(query.type, parameters, options);
  const milliseconds = performance.now() - begin;
  const { entry = [] } = parseDigits(text) as { entry?: SearchEntry[] };
  const listMode = (mode: string): Resource[] => entry.flatMap((one) => (one.search?.mode === mode && one.resource ? [one.resource] : []));
  return {
    text,
    matches: listMode('match'),
    included: listMode('include'),
    warnings: listMode('outcome').flatMap(({ issue = [] }: Outcome) =>
      issue.flatMap(({ details, diagnostics }) => details?.text ?? diagnostics ?? []),
    ),
    total: body.total,
    isFirst: page === undefined,
    next: readPageParameter(body, 'next'),
    previous: readPageParameter(body, 'previous'),
    milliseconds,
  };
}

/** The opaque parameter of a page link. It is sent in a body, as all others are. */
function readPageParameter({ link = [] }: Bundle, relation: string): string | undefined {
  const url = link.find((one) => one.relation === relation)?.url;
  if (url === undefined) return undefined;
  return new URL(url).searchParams.get(PAGE) ?? undefined;
}
