// Where the server spends its time: shares of the samples of a CPU profile, by the part of the program whose code ran, or called Node or V8.
// https://nodejs.org/api/cli.html#--cpu-prof, https://chromedevtools.github.io/devtools-protocol/tot/Profiler/#type-Profile
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from './client.ts';
import type { Corpus } from './corpus.ts';
import { type FacetToStart, startPrograms } from './programs.ts';
import { buildScenarios } from './scenarios.ts';

export interface Profiled {
  /** The request. */
  name: string;
  /** Part of the program → its share of the samples. */
  shares: ReadonlyMap<string, number>;
}

interface CpuProfile {
  /** In microseconds of the monotonic clock. */
  startTime: number;
  nodes: { id: number; callFrame: { functionName: string; url: string }; children?: number[] }[];
  /** The node of each sample. */
  samples: number[];
  /** The time before each sample, in microseconds. */
  timeDeltas: number[];
}

/** Part → what the URLs of its files contain. The first that fits counts. */
const PARTS: readonly [string, RegExp][] = [
  ['audit', /\/src\/(?:audit|store\/audit|http\/middleware\/audit|fhir\/audit)/],
  ['HTTP', /\/src\/http\//],
  ['FHIR', /\/src\/(?:fhir|interactions)\//],
  ['mapping', /\/src\/(?:mapping|vendor-api)\//],
  ['store', /\/src\/store\//],
  ['other own code', /\/src\//],
  ['Express', /node_modules\/(?:express|router|parseurl|proxy-addr|finalhandler)\//],
  ['pg', /node_modules\/(?:pg|pg-protocol|pg-types|knex|tarn)\//],
  ['other libraries', /node_modules\//],
];
const NODE = 'Node';
const COLLECTOR = 'garbage collection';
const NOT_RUNNING = new Set(['(idle)', '(program)']);

export const PART_NAMES = [...PARTS.map(([name]) => name), NODE, COLLECTOR];

/** Profiles each request with 16 clients, each in a server of its own. */
export async function profileScenarios(corpus: Corpus, facet: FacetToStart, only: string): Promise<Profiled[]> {
  const found: Profiled[] = [];
  for (const [at, { name }] of buildScenarios(corpus, {}).entries())
    if (name.includes(only)) found.push({ name, shares: await profileOne(corpus, facet, at) });
  return found;
}

const CLIENTS = 16;
const WARM_UP_SECONDS = 3;
const SECONDS = 3;

async function profileOne(corpus: Corpus, facet: FacetToStart, at: number): Promise<Profiled['shares']> {
  const directory = mkdtempSync(join(tmpdir(), 'facet-profile-'));
  try {
    const nodeOptions = ['--cpu-prof', `--cpu-prof-dir=${directory}`, '--cpu-prof-interval=500'];
    const { facets, stop } = await startPrograms(facet.databaseUrl, directory, [{ ...facet, nodeOptions }]);
    const { port, keys } = facets[0]!;
    const make = buildScenarios(corpus, keys)[at]!.facet;
    await load({ port, clients: CLIENTS, seconds: WARM_UP_SECONDS, make });
    const from = readMonotonicMicroseconds();
    await load({ port, clients: CLIENTS, seconds: SECONDS, make });
    const until = readMonotonicMicroseconds();
    await stop();
    const file = readdirSync(directory).find((name) => name.endsWith('.cpuprofile'))!;
    return computeShares(JSON.parse(readFileSync(join(directory, file), 'utf8')) as CpuProfile, from, until);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const readMonotonicMicroseconds = (): number => Number(process.hrtime.bigint() / 1000n);

function computeShares({ startTime, nodes, samples, timeDeltas }: CpuProfile, from: number, until: number): Map<string, number> {
  const parts = findParts(nodes);
  const times = new Map<string, number>();
  let [now, sum] = [startTime, 0];
  for (const [n, sample] of samples.entries()) {
    const passed = timeDeltas[n]!;
    now += passed;
    const part = parts.get(sample);
    if (now < from || now > until || part === undefined) continue;
    times.set(part, (times.get(part) ?? 0) + passed);
    sum += passed;
  }
  return new Map([...times].map(([part, time]) => [part, time / sum]));
}

/** The part of each node: that of the innermost frame that is not Node's or V8's own. Undefined: the thread did not run. */
function findParts(nodes: CpuProfile['nodes']): Map<number, string | undefined> {
  const parts = new Map<number, string | undefined>();
  const ids = new Map(nodes.map((node) => [node.id, node]));
  const visit = (id: number, outer: string | undefined): void => {
    const { callFrame, children = [] } = ids.get(id)!;
    const part = findPart(callFrame) ?? outer;
    parts.set(id, NOT_RUNNING.has(callFrame.functionName) ? undefined : (part ?? NODE));
    for (const child of children) visit(child, part);
  };
  visit(nodes[0]!.id, undefined);
  return parts;
}

function findPart({ functionName, url }: CpuProfile['nodes'][number]['callFrame']): string | undefined {
  if (functionName === '(garbage collector)') return COLLECTOR;
  return PARTS.find(([, pattern]) => pattern.test(url))?.[0];
}
