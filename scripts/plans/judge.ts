// What a plan reads of the search rows: by a value, by the key of a row that was found, or all rows of a type or parameter.

interface Plan {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Index Cond'?: string;
  'One-Time Filter'?: string;
  Plans?: Plan[];
}

/** A scan of all search rows of a type, or of all rows of a parameter. `inOrder`: the rows are read in the requested order, and only as many as the page needs. */
export interface Walk {
  of: string;
  inOrder: boolean;
}

/** What a row is found by, in an index condition: a value, or the key of a row. Tenant, type and parameter are shared by too many. */
const FOUND_BY = /\bpid = |\b(self_h|target_h|norm|from_at|to_at|from_n|to_n|from_m|to_m|lu|id|tok)\b/;
/** Occurrences stand in the index by their key first. */
const OCCURRENCE_BY = /\bpid = |\bkey_h\b/;
const SEARCHED = new Set(['sx', 'sx_ref', 'sx_string', 'sx_date', 'sx_number', 'sx_composite', 'sx_text', 'resource']);

/** The walks in a plan, as `explain (format json)` answers it. */
export function walksIn(explained: unknown): Walk[] {
  const [{ Plan: plan }] = explained as [{ Plan: Plan }];
  return walks(plan, false);
}

/** The names of the indexes that a plan reads. */
export const indexesIn = (explained: unknown): string[] => [
  ...new Set([...JSON.stringify(explained).matchAll(/"Index Name":"(\w+)"/g)].map(([, name]) => name!)),
];

/** Nodes that must have read all of what is below them before they answer. */
const GATHERING = new Set(['Sort', 'Hash', 'Aggregate', 'HashAggregate', 'Materialize', 'SetOp', 'WindowAgg', 'Bitmap Heap Scan']);

/** Only done when a list has turned out frequent (statements.ts). */
const isForFrequent = (plan: Plan): boolean => / >= \d+\)$/.test(plan['One-Time Filter'] ?? '');

function walks(plan: Plan, inOrder: boolean): Walk[] {
  if (isForFrequent(plan)) return [];
  const node = plan['Node Type'];
  const below = node === 'Limit' || (inOrder && !GATHERING.has(node));
  const own = isWalk(plan) ? [{ of: plan['Index Name'] ?? `all of ${plan['Relation Name']}`, inOrder }] : [];
  if (node === 'BitmapAnd') return bothWalk(plan);
  return [...own, ...(plan.Plans ?? []).flatMap((plan) => walks(plan, below))];
}

/** Of what must be in both, one side that is found by a value is enough. */
function bothWalk({ Plans = [] }: Plan): Walk[] {
  const each = Plans.map((plan) => walks(plan, false));
  return each.some((found) => found.length === 0) ? [] : each.flat();
}

function isWalk(plan: Plan): boolean {
  const node = plan['Node Type'];
  if (node === 'Seq Scan') return SEARCHED.has(plan['Relation Name']!);
  if (!/^(Index|Index Only|Bitmap Index) Scan$/.test(node)) return false;
  const by = plan['Index Name']?.startsWith('sx_composite') ? OCCURRENCE_BY : FOUND_BY;
  return !by.test(plan['Index Cond'] ?? '');
}
