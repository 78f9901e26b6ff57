// What a monitoring system reads: counters and histograms of this process, and figures looked up when they are asked for, in Prometheus' text format.
// https://prometheus.io/docs/instrumenting/exposition_formats. Labels are names of routes, states and outcomes: never an id, a tenant or a value.

export type Labels = Record<string, string>;

/** One figure as it stands now. */
export interface Sample {
  labels: Labels;
  value: number;
}

interface Family {
  help: string;
  type: 'counter' | 'gauge' | 'histogram';
  read(): Promise<Line[]> | Line[];
}

/** `suffix`: `_bucket`, `_sum`, `_count` of a histogram. */
interface Line extends Sample {
  suffix?: string;
}

export interface Metrics {
  /** A counter; call the answer with the labels of what has happened. */
  counter(name: string, help: string): (labels: Labels) => void;
  /** A histogram with upper bounds; call the answer with what was measured. */
  histogram(name: string, help: string, bounds: number[]): (labels: Labels, value: number) => void;
  /** Looked up at each reading. One that cannot be looked up is left out. */
  gauge(name: string, help: string, read: () => Promise<Sample[]> | Sample[]): void;
  /** A counter that is kept elsewhere, looked up at each reading. */
  total(name: string, help: string, read: () => Sample[]): void;
  text(): Promise<string>;
}

export function createMetrics(): Metrics {
  const families = new Map<string, Family>();
  return {
    counter(name, help) {
      const counts = new Map<string, Sample>();
      families.set(name, { help, type: 'counter', read: () => [...counts.values()] });
      return (labels) => {
        const key = written(labels);
        counts.set(key, { labels, value: (counts.get(key)?.value ?? 0) + 1 });
      };
    },
    histogram(name, help, bounds) {
      const all = new Map<string, Measured>();
      families.set(name, { help, type: 'histogram', read: () => [...all.values()].flatMap((one) => linesOf(one, bounds)) });
      return (labels, value) => {
        const key = written(labels);
        const one = all.get(key) ?? { labels, counts: bounds.map(() => 0), sum: 0, count: 0 };
        const counts = one.counts.map((count, nth) => (value <= bounds[nth]! ? count + 1 : count));
        all.set(key, { labels, counts, sum: one.sum + value, count: one.count + 1 });
      };
    },
    gauge(name, help, read) {
      families.set(name, { help, type: 'gauge', read });
    },
    total(name, help, read) {
      families.set(name, { help, type: 'counter', read });
    },
    text: async () => (await Promise.all([...families].map(([name, family]) => familyText(name, family)))).join(''),
  };
}

interface Measured {
  labels: Labels;
  /** How many were at most as large as each bound. */
  counts: number[];
  sum: number;
  count: number;
}

const linesOf = ({ labels, counts, sum, count }: Measured, bounds: number[]): Line[] => [
  ...counts.map((value, nth) => ({ suffix: '_bucket', labels: { ...labels, le: String(bounds[nth]) }, value })),
  { suffix: '_bucket', labels: { ...labels, le: '+Inf' }, value: count },
  { suffix: '_sum', labels, value: sum },
  { suffix: '_count', labels, value: count },
];

async function familyText(name: string, { help, type, read }: Family): Promise<string> {
  const lines = await Promise.resolve()
    .then(read)
    .catch(() => undefined);
  if (!lines) return '';
  const told = lines.map(({ suffix = '', labels, value }) => `${name}${suffix}${written(labels)} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${told.join('')}`;
}

/** `{route="/x",status="200"}`. */
function written(labels: Labels): string {
  const all = Object.entries(labels).map(
    ([name, value]) => `${name}="${value.replace(/[\\"\n]/g, (one) => (one === '\n' ? '\\n' : `\\${one}`))}"`,
  );
  return all.length ? `{${all.join(',')}}` : '';
}
