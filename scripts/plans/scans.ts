// The searches that no index leads to, each with the reason: docs/search-plans.md prints them, and test/store/search-plans.test.ts holds both to what the
// plans say.
import { type Walk, walksIn } from './judge.ts';
import type { Question } from './questions.ts';
import type { Asked } from './statements.ts';

interface Scan {
  /** As the page words it. */
  asked: string;
  /** The names of the questions (questions.ts), with the part of the search behind a slash. */
  names: RegExp;
  why: string;
}

export const SCANS: readonly Scan[] = [
  {
    asked: '`:missing=true`, `_filter … pr false`',
    names: /^:missing=true/,
    why: 'what is not there has no entry. The rows of the type are read in order, each with its list of tokens; where many lack the value, a page is soon full',
  },
  {
    asked: '`:missing=false`, `_filter … pr true`',
    names: /^(:missing=false|_filter \w+ pr)/,
    why: 'one token stands for having a value, and an index serves it; where nearly all have one (`_id`, `_lastUpdated`: all), reading in order is quicker',
  },
  {
    asked: '`:not`, `:not-in`, `_filter … ni`',
    names: /^(token :not|token :not-in|_filter token ni)\b/,
    why: 'all but a few are found, so that reading in order soon fills a page. Where nearly all are excluded, the whole type is read',
  },
  {
    asked: '`ne`, `_filter … ne`',
    names: /^(date|quantity|number|_filter \w+) ne\b/,
    why: 'the same: all but a few are found',
  },
  {
    asked: '`:contains` on a string that does not declare it, `_filter … co` and `ew`',
    names: /^(string :contains, not declared|_filter string (co|ew)) /,
    why: 'all strings of the parameter are read. An index of substrings costs each write dozens of entries a name: a SearchParameter of `fhir-profiles/` that lists `contains` under `modifier` has one, and so has `:text` on tokens',
  },
  {
    asked: 'composites that name a system and no code (`system|$…`)',
    names: /^composite system\|\$/,
    why: 'an occurrence stands in the index under its code: all occurrences of the parameter are read',
  },
  {
    asked: '`_sort` by a token or reference without a condition',
    names: /^_sort by (token|reference)(, of all types)? \/ (page|next)$/,
    why: 'their order is in no index, which would add a third to the cost of every write (`decisions/0005-search-order-and-page-links.md`): all rows of the type are read and sorted. Beside a condition only what it finds is sorted',
  },
  {
    asked: 'the end of a `_sort`: resources without the value',
    names: /^_sort by \w+(, of all types)? \/ rest$/,
    why: 'they come last and are looked for in the order of storing, once those with a value are used up; where nearly all have the value, the whole type is read',
  },
];

/** What of a plan no index leads to. A page of an order that an index has is read from that index. */
export function unserved({ question, part }: Asked, explained: unknown): Walk[] {
  const walks = walksIn(explained);
  return (part === 'page' || part === 'next') && isUnconditional(question) ? walks.filter(({ inOrder }) => !inOrder) : walks;
}

/** Whether all resources of the types are asked for, in some order. */
export const isUnconditional = ({ parameters, within }: Question): boolean => !within && parameters.every(([name]) => name === '_sort');

/** Where a statement stands in the list. */
export const listed = ({ question, part }: Asked): Scan | undefined => SCANS.find(({ names }) => names.test(`${question.name} / ${part}`));

/** The list as a table of the page. */
export const tableOfScans = (): string =>
  ['| Asked | Why |', '|---|---|', ...SCANS.map(({ asked, why }) => `| ${asked} | ${why} |`)].join('\n');
