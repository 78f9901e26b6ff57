// The plans of a search as tables: what PostgreSQL's EXPLAIN (ANALYZE, BUFFERS) says, node by node. https://www.postgresql.org/docs/current/using-explain.html

/** An issue of the OperationOutcome that a search with `_explain=true` adds. */
export interface PlanIssue {
  details?: { text?: string };
  diagnostics?: string;
}

export interface StatementPlan {
  /** `statement 1 of 2: 0.31 ms, 20 rows`. */
  summary: string;
  sql: string;
  nodes: PlanNode[];
  /** The lines about the whole statement (`Execution Time: 0.2 ms`). */
  notes: string[];
}

export interface PlanNode {
  depth: number;
  /** `Index Scan using resource_pkey on resource r`. */
  operation: string;
  cost?: string | undefined;
  estimatedRows?: number | undefined;
  /** Undefined: it never ran. */
  rows?: number | undefined;
  loops?: number | undefined;
  milliseconds?: number | undefined;
  /** Pages that were in the cache, and pages that were not. */
  hits: number;
  reads: number;
  /** Conditions, filters, sort keys. */
  details: string[];
}

export function parseStatementPlan({ details, diagnostics = '' }: PlanIssue): StatementPlan {
  const lines = diagnostics.split('\n');
  const begin = lines.findIndex((line) => COST.test(line));
  const sql = begin < 0 ? lines : lines.slice(0, begin);
  return { summary: details?.text ?? '', sql: sql.join('\n'), ...parsePlan(begin < 0 ? [] : lines.slice(begin)) };
}

const COST = /\(cost=([\d.]+)\.\.([\d.]+) rows=(\d+) width=\d+\)/;
const ACTUAL = /\(actual time=[\d.]+\.\.([\d.]+) rows=([\d.]+) loops=(\d+)\)/;

function parsePlan(lines: string[]): Pick<StatementPlan, 'nodes' | 'notes'> {
  const indents: number[] = [];
  const nodes: PlanNode[] = [];
  const notes: string[] = [];
  for (const line of lines) {
    const indent = line.search(/\S/);
    const node = parseNode(line);
    if (node) {
      while (indents.length && indents.at(-1)! >= indent) indents.pop();
      nodes.push({ ...node, depth: indents.length });
      indents.push(indent);
    } else if (indent <= 0 || notes.length) notes.push(line.trim());
    else addDetail(nodes.at(-1), line.trim());
  }
  return { nodes, notes: notes.filter((note) => note.includes(' Time: ')) };
}

function parseNode(line: string): Omit<PlanNode, 'depth'> | undefined {
  const cost = COST.exec(line);
  if (!cost) return undefined;
  const actual = ACTUAL.exec(line);
  return {
    operation: line
      .slice(0, cost.index)
      .replace(/^\s*(?:->)?\s*/, '')
      .trim(),
    cost: cost[2],
    estimatedRows: Number(cost[3]),
    ...(actual && { milliseconds: Number(actual[1]), rows: Number(actual[2]), loops: Number(actual[3]) }),
    hits: 0,
    reads: 0,
    details: [],
  };
}

function addDetail(node: PlanNode | undefined, line: string): void {
  if (!node) return;
  if (!line.startsWith('Buffers:')) return void node.details.push(line);
  node.hits = Number(/hit=(\d+)/.exec(line)?.[1] ?? 0);
  node.reads = Number(/read=(\d+)/.exec(line)?.[1] ?? 0);
}
