// The searches that no index serves, each with the reason: docs/search-plans.md prints them, and test/store/search-plans.test.ts compares both with the plans.
import { type Walk, walksIn } from './judge.ts';
import type { Question } from './questions.ts';
import type { Asked } from './statements.ts';

interface Scan {
  /** As the page words it. */
  search: string;
  /** The names of the questions (questions.ts), with the part of the search behind a slash. */
  names: RegExp;
  why: string;
}

export const SCANS: readonly Scan[] = [
  {
    search: '`:missing=true`, `_filter … pr false`',
    names: /^:missing=true/,
    why: 'a missing value has no index entry. The rows of the type are read in order, each with its list of tokens; where many lack the value, a page fills soon',
  },
  {
    search: '`:missing=false`, `_filter … pr true`',
    names: /^(:missing=false|_filter \w+ pr)/,
    why: 'one token means that there is a value, and an index serves it; where nearly all resources have one (`_id`, `_lastUpdated`: all), reading in order is faster',
  },
  {
    search: '`:not`, `:not-in`, `_filter … ni`',
    names: /^(token :not|token :not-in|_filter token ni)\b/,
    why: 'nearly all resources match, so reading in order fills a page soon. Where nearly all are excluded, the whole type is read',
  },
  {
    search: '`ne`, `_filter … ne`',
    names: /^(date|quantity|number|_filter \w+) ne\b/,
    why: 'the same: nearly all resources match',
  },
  {
    search: '`:contains` on a string that does not declare it, `_filter … co` and `ew`',
    names: /^(string :contains, not declared|_filter string (co|ew)) /,
    why: 'all strings of the parameter are read. A substring index costs each write dozens of entries per name; a SearchParameter of `fhir-profiles/` that lists `contains` under `modifier` has one, and so has `:text` on tokens',
  },
  {
    search: 'composites that name a system and no code (`system|$…`)',
    names: /^composite system\|\$/,
    why: 'occurrences are indexed by their code: all occurrences of the parameter are read',
  },
  {
    search: '`_sort` by a token or reference without a condition',
    names: /^_sort by (token|reference)(, of all types)? \/ (page|next)$/,
    why: 'no index has their order, because it would add a third to the cost of every write (`decisions/0005-search-order-and-page-links.md`): all rows of the type are read and sorted. With a condition only its matches are sorted',
  },
  {
    search: "`_sort` by a project's parameter that declares `contains` and shares texts with others (`name-part`, `directory`)",
    names: /^_sort by shared text/,
    why: 'its texts are rows of several parameters (`decisions/0058-fewer-index-entries.md`): the matches are collected and sorted',
  },
  {
    search: 'the end of a `_sort`: resources without the value',
    names: /^_sort by \w+(, of all types)? \/ rest$/,
    why: 'they come last, in the order of storing; where nearly all have the value, the whole type is read',
  },
];

/** What of a plan no index leads to. A page of an order that an index has is read from that index. */
export function unserved({ question, part }: Asked, explained: unknown): Walk[] {
  const walks = walksIn(explained);
  return (part === 'page' || part === 'next') && isUnconditional(question) ? walks.filter(({ inOrder }) => !inOrder) : walks;
}

/** Whether the search has no condition: all resources of the types, in some order. */
export const isUnconditional = ({ parameters, within }: Question): boolean => !within && parameters.every(([name]) => name === '_sort');

/** Where a statement stands in the list. */
export const listed = ({ question, part }: Asked): Scan | undefined => SCANS.find(({ names }) => names.test(`${question.name} / ${part}`));

/** The list as a table of the page. */
export const tableOfScans = (): string =>
  ['| Asked | Why |', '|---|---|', ...SCANS.map(({ search: asked, why }) => `| ${asked} | ${why} |`)].join('\n');
