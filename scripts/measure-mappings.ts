// Figures of each mapping: how many comparisons its examples and laws make, how many planted faults they notice, and what reading and writing through its lens
// takes beside a FHIRPath engine on the same paths: npm run measure:mappings. Writes the section "Mappings" of docs/benchmarks.md.

import { readFileSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { cpus } from 'node:os';
import { evalFhirPathTyped, parseFhirPath, toTypedValue } from '@medplum/core';
import type { Resource } from '../src/fhir/types.ts';
import { buildSamples } from '../src/mapping/explain/samples.ts';
import { buildExampleEnv, type Example } from '../src/mapping/load/examples.ts';
import { type LoadedShape, toQualifiedName } from '../src/mapping/load/loaded.ts';
import type { Env } from '../src/mapping/shape.ts';
import { toEngineText, toEngineVariables } from '../src/mapping-tools/laws/fhirpath-comparison.ts';
import { checkExample } from '../src/mapping-tools/laws/mapping-proof.ts';
import { judgeMutant, type MutationTarget, type Verdict } from './mutate/judge.ts';
import { judgeSurface } from './mutate/judge-surface.ts';
import { listMutants } from './mutate/mutants.ts';
import { listSurfaceMutants } from './mutate/surface-changes.ts';
import { listSurfaceTargets, listTargets, readEquivalents } from './mutate/targets.ts';

/** Each measurement runs so long, so often; the median counts. */
const MS = 150;
const RUNS = 5;

/** Microseconds one round of this takes, divided by how many things a round does. */
function micros(things: number, round: () => void): number {
  const until = (ms: number): number => {
    const from = performance.now();
    let rounds = 0;
    while (performance.now() - from < ms) {
      round();
      rounds++;
    }
    return ((performance.now() - from) * 1000) / rounds / things;
  };
  until(MS);
  return Array.from({ length: RUNS }, () => until(MS)).sort((a, b) => a - b)[Math.floor(RUNS / 2)]!;
}

interface Stored {
  resource: Resource;
  env: Env;
}

/** The resources that the examples state. */
const storedIn = ({ shape, mapping, lens }: LoadedShape, examples: Example[]): Stored[] =>
  examples.flatMap(({ stored, resource, env }) => {
    const found = stored ?? resource;
    if (!found) return [];
    const row = mapping.content.row?.key;
    const key = row === undefined ? {} : { [row]: lens.rows!.readKeys(found)[0] };
    const joined = Object.fromEntries(shape.joins.map((join) => [join.name, []]));
    return [{ resource: found, env: buildExampleEnv({ ...joined, ...key, ...env }) }];
  });

function reading({ shape, lens }: LoadedShape, stored: Stored[]): { own: number; engine: number } {
  const { aliases } = lens.names.scope;
  const rounds = stored.map(({ resource, env }) => {
    const known = ({ text }: { text: string }): boolean =>
      [...text.matchAll(/%(\w+)/g)].every(([, name]) => name! in aliases || env[name!] !== undefined);
    const paths = lens.leaves.flatMap((field) => field.paths).filter(known);
    return {
      input: [toTypedValue(resource)],
      variables: toEngineVariables(aliases, env),
      expressions: paths.map(({ text }) => parseFhirPath(toEngineText(text, env))),
    };
  });
  return {
    own: micros(stored.length, () => {
      for (const { resource, env } of stored) shape.read(resource, env);
    }),
    engine: micros(stored.length, () => {
      for (const { input, variables, expressions } of rounds)
        for (const expression of expressions) evalFhirPathTyped(expression, input, variables);
    }),
  };
}

function writing({ shape, mapping, lens }: LoadedShape, examples: Example[]): number | undefined {
  const requests = examples.flatMap(({ request, env }) => {
    if (!request) return [];
    const row = mapping.content.row?.key;
    const view = shape.pickKnownFields(request);
    return [{ view, env: buildExampleEnv({ ...(row !== undefined && { [row]: lens.rows!.readKey(view) }), ...env }) }];
  });
  if (!requests.length) return undefined;
  return micros(requests.length, () => {
    for (const { view, env } of requests) shape.write(view, undefined, env);
  });
}

/** How often the functions were called by which laws compare. */
async function comparisons({ loaded, examples, world }: MutationTarget): Promise<number> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  const samples = buildSamples(examples, loaded.shape);
  for (const example of examples) checkExample(loaded, example, { world, samples });
  const { result } = await session.post('Profiler.takePreciseCoverage');
  await session.post('Profiler.stopPreciseCoverage');
  session.disconnect();
  const compared = result
    .filter(({ url }) => /laws\/(difference|round-trip|example-kinds|fhirpath-oracle)\.ts$/.test(url))
    .flatMap(({ functions }) => functions);
  return compared
    .filter(({ functionName }) => ['differences', 'missing', 'validR4', 'strangersSurvive', 'refusedFor'].includes(functionName))
    .reduce((sum, { ranges }) => sum + ranges[0]!.count, 0);
}

const score = (name: string, verdicts: Verdict[]): string => {
  const remaining = verdicts.filter(({ by }) => by === undefined).length;
  const none = Object.keys(readEquivalents()[name] ?? {}).length;
  return `${verdicts.length - remaining} of ${verdicts.length}${none ? `, ${none} are no faults` : ''}`;
};

const us = (value: number | undefined): string => (value === undefined ? '–' : value.toFixed(1));

const rows: string[] = [];
for (const bench of listTargets()) {
  const { loaded, examples } = bench;
  const name = toQualifiedName(loaded);
  const { own, engine } = reading(loaded, storedIn(loaded, examples));
  const results = await comparisons(bench);
  const noticed = score(
    name,
    listMutants(loaded).map((mutant) => judgeMutant(mutant, bench)),
  );
  const write = writing(loaded, examples);
  rows.push(
    `| ${name} | ${examples.length} | ${results} | ${noticed} | ${us(own)} | ${us(engine)} | ${(engine / own).toFixed(1)} | ${us(write)} |`,
  );
  console.error(rows.at(-1));
}
for (const bench of listSurfaceTargets()) {
  const name = `${bench.loaded.surface.name}/surface`;
  const noticed = score(
    name,
    listSurfaceMutants(bench.loaded.source.content).map((mutant) => judgeSurface(mutant, bench)),
  );
  rows.push(`| ${name} | ${bench.examples.length} | – | ${noticed} | – | – | – | – |`);
  console.error(rows.at(-1));
}

const section = `## Mappings

\`npm run measure:mappings\` on ${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores. For each mapping: comparisons by examples and laws; planted faults that are detected
(at start, by an example or a law, or by what the examples leave out); microseconds to read and to write one item through its lens, over the resources
and requests of its examples, median of ${RUNS} runs of ${MS} ms. The engine is @medplum/core's FHIRPath evaluator on the same paths, parsed beforehand;
it only finds values (of a list of objects, the objects), where the lens also builds the vendor’s JSON. Read the ratios.

| | examples | comparisons | faults noticed | read µs | engine µs | engine ÷ read | write µs |
|---|---|---|---|---|---|---|---|
${rows.join('\n')}
`;
const file = 'docs/benchmarks.md';
const parts = readFileSync(file, 'utf8').split(/^(?=## )/m);
const others = parts.filter((part) => !part.startsWith('## Mappings'));
writeFileSync(file, [...others.map((part) => `${part.trimEnd()}\n`), section].join('\n'));
