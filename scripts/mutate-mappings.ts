// Plants faults into the mappings, one at a time, and reports how many the checks, examples and laws notice: node scripts/mutate-mappings.ts [vendor/shape]
// What none of them notices is listed: an example is missing, or the mutant is equivalent and stands in test/projection/equivalent-mutants.yaml.
import { textTable } from '../src/cli/text-table.ts';
import { nameOf } from '../src/projection/laws/example.ts';
import { benches, equivalents } from './mutate/benches.ts';
import { judge } from './mutate/judge.ts';
import { mutantsOf } from './mutate/mutants.ts';

const [only] = process.argv.slice(2);
const rows: string[][] = [];
const survivors: string[] = [];
for (const bench of benches()) {
  const name = nameOf(bench.loaded);
  if (only !== undefined && only !== name) continue;
  const known = equivalents()[name] ?? {};
  const from = performance.now();
  const judged = mutantsOf(bench.loaded).map((mutant) => ({ mutant, verdict: judge(mutant, bench) }));
  const count = (by: string | undefined): number => judged.filter(({ verdict }) => verdict.by === by).length;
  const left = judged.filter(({ verdict }) => verdict.by === undefined).map(({ mutant }) => mutant.name);
  const unlisted = left.filter((one) => !(one in known));
  survivors.push(...unlisted.map((one) => `${name}  ${one}`));
  const took = ((performance.now() - from) / 1000).toFixed(1);
  const numbers = [judged.length, count('start'), count('example'), count('gap'), left.length - unlisted.length, unlisted.length].map(
    String,
  );
  rows.push([name, ...numbers, `${took} s`]);
}
const heads = ['mapping', 'planted', 'at start', 'by examples and laws', 'by what is missing', 'equivalent', 'unnoticed', 'took'];
console.log(textTable(heads, rows).join('\n'));
if (survivors.length) console.log(`\nunnoticed:\n${survivors.join('\n')}`);
process.exitCode = survivors.length ? 1 : 0;
