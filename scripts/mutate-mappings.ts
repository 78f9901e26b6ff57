// Plants faults into the mappings and surfaces, one at a time, and reports how many the checks, examples and laws notice:
// node scripts/mutate-mappings.ts [vendor/shape | vendor/surface]
// What none of them notices is listed: an example is missing, or the mutant is equivalent and stands in test/mapping/equivalent-mutants.yaml.

import { textTable } from '../src/cli/text-table.ts';
import { toQualifiedName } from '../src/mapping/load/loaded.ts';
import { judgeMutant, type Verdict } from './mutate/judge.ts';
import { judgeSurface } from './mutate/judge-surface.ts';
import { listMutants } from './mutate/mutants.ts';
import { listSurfaceMutants } from './mutate/surface-changes.ts';
import { listSurfaceTargets, listTargets, readEquivalents } from './mutate/targets.ts';

const [only] = process.argv.slice(2);
const rows: string[][] = [];
const survivors: string[] = [];

function report<M extends { name: string }>(name: string, mutants: M[], judged: (mutant: M) => Verdict): void {
  if (only !== undefined && only !== name) return;
  const known = readEquivalents()[name] ?? {};
  const from = performance.now();
  const verdicts = mutants.map((mutant) => ({ mutant, verdict: judged(mutant) }));
  const count = (by: string | undefined): number => verdicts.filter(({ verdict }) => verdict.by === by).length;
  const remaining = verdicts.filter(({ verdict }) => verdict.by === undefined).map(({ mutant }) => mutant.name);
  const unlisted = remaining.filter((name) => !(name in known));
  survivors.push(...unlisted.map((mutant) => `${name}  ${mutant}`));
  const numbers = [mutants.length, count('start'), count('example'), count('gap'), remaining.length - unlisted.length, unlisted.length];
  rows.push([name, ...numbers.map(String), `${((performance.now() - from) / 1000).toFixed(1)} s`]);
}

for (const bench of listTargets()) report(toQualifiedName(bench.loaded), listMutants(bench.loaded), (mutant) => judgeMutant(mutant, bench));
for (const bench of listSurfaceTargets())
  report(`${bench.loaded.surface.name}/surface`, listSurfaceMutants(bench.loaded.source.content), (mutant) => judgeSurface(mutant, bench));

const heads = ['mapping', 'planted', 'at start', 'by examples and laws', 'by what is missing', 'equivalent', 'unnoticed', 'took'];
console.log(textTable(heads, rows).join('\n'));
if (survivors.length) console.log(`\nnot detected:\n${survivors.join('\n')}`);
process.exitCode = survivors.length ? 1 : 0;
