// Faults planted into the mappings are noticed: a few of each mapping, other ones with another seed (MUTANT_SEED); all of them by scripts/mutate-mappings.ts.
import { benches, equivalents, surfaceBenches } from '../../scripts/mutate/benches.ts';
import { judge } from '../../scripts/mutate/judge.ts';
import { judgeSurface } from '../../scripts/mutate/judge-surface.ts';
import { mutantsOf } from '../../scripts/mutate/mutants.ts';
import { surfaceMutants } from '../../scripts/mutate/surface-changes.ts';
import { nameOf } from '../mapping/examples.ts';

const EACH = 5;
const SEED = Number(process.env.MUTANT_SEED ?? 20261122);
const known = equivalents();

/** So many of a list, the same for the same seed: every so-many-eth from a place the seed gives. */
function some<M>(mutants: M[], seed: number): M[] {
  const step = Math.max(1, Math.floor(mutants.length / EACH));
  return mutants.filter((_, nth) => nth % step === seed % step).slice(0, EACH);
}

const all = benches().map((bench) => [nameOf(bench.loaded), { bench, mutants: mutantsOf(bench.loaded) }] as const);

test.each(all)('%s: each fault is noticed, or is known to be none', (name, { bench, mutants }) => {
  const planted = some(mutants, SEED).filter((mutant) => !(mutant.name in (known[name] ?? {})));
  expect(planted.length).toBeGreaterThan(EACH / 2);
  const unnoticed = planted.filter((mutant) => judge(mutant, bench).by === undefined);
  expect(unnoticed.map((mutant) => mutant.name)).toEqual([]);
});

test.each(all)('%s: what is known to be no fault is one that can be planted, and is not noticed', (name, { bench, mutants }) => {
  const listed = Object.keys(known[name] ?? {});
  expect(listed.filter((one) => !mutants.some((mutant) => mutant.name === one))).toEqual([]);
  const noticed = mutants.filter((mutant) => listed.includes(mutant.name) && judge(mutant, bench).by !== undefined);
  expect(noticed.map((mutant) => mutant.name)).toEqual([]);
});

const surfaces = surfaceBenches().map((bench) => [`${bench.loaded.surface.name}/surface`, bench] as const);

test.each(surfaces)('%s: each fault is noticed, or is known to be none', (name, bench) => {
  const mutants = surfaceMutants(bench.loaded.source.content).filter((mutant) => !mutant.name.startsWith('systems.'));
  const planted = some(mutants, SEED).filter((mutant) => !(mutant.name in (known[name] ?? {})));
  expect(planted.length).toBeGreaterThan(EACH / 2);
  expect(planted.filter((mutant) => judgeSurface(mutant, bench).by === undefined).map((mutant) => mutant.name)).toEqual([]);
});

test('mappings that are not there are not excused', () => {
  const names = [...all, ...surfaces].map(([name]) => name as string);
  expect(Object.keys(known).filter((name) => !names.includes(name))).toEqual([]);
});
