// Faults planted into the mappings are noticed: a few of each mapping, other ones with another seed (MUTANT_SEED); all of them by scripts/mutate-mappings.ts.

import { judgeMutant } from '../../scripts/mutate/judge.ts';
import { judgeSurface } from '../../scripts/mutate/judge-surface.ts';
import { listMutants } from '../../scripts/mutate/mutants.ts';
import { listSurfaceMutants } from '../../scripts/mutate/surface-changes.ts';
import { listSurfaceTargets, listTargets, readEquivalents } from '../../scripts/mutate/targets.ts';
import { toQualifiedName } from '../mapping/examples.ts';

const EACH = 5;
const SEED = Number(process.env.MUTANT_SEED ?? 20261122);
const known = readEquivalents();

/** So many of a list, the same for the same seed: every so-many-eth from a place the seed gives. */
function some<M>(mutants: M[], seed: number): M[] {
  const step = Math.max(1, Math.floor(mutants.length / EACH));
  return mutants.filter((_, index) => index % step === seed % step).slice(0, EACH);
}

const all = listTargets().map((bench) => [toQualifiedName(bench.loaded), { bench, mutants: listMutants(bench.loaded) }] as const);

test.each(all)('%s: each mutant is detected, or is listed as equivalent', (name, { bench, mutants }) => {
  const planted = some(mutants, SEED).filter((mutant) => !(mutant.name in (known[name] ?? {})));
  expect(planted.length).toBeGreaterThan(EACH / 2);
  const unnoticed = planted.filter((mutant) => judgeMutant(mutant, bench).by === undefined);
  expect(unnoticed.map((mutant) => mutant.name)).toEqual([]);
});

test.each(all)('%s: each listed equivalent mutant exists and is not detected', (name, { bench, mutants }) => {
  const listed = Object.keys(known[name] ?? {});
  expect(listed.filter((name) => !mutants.some((mutant) => mutant.name === name))).toEqual([]);
  const noticed = mutants.filter((mutant) => listed.includes(mutant.name) && judgeMutant(mutant, bench).by !== undefined);
  expect(noticed.map((mutant) => mutant.name)).toEqual([]);
});

const surfaces = listSurfaceTargets().map((bench) => [`${bench.loaded.surface.name}/surface`, bench] as const);

test.each(surfaces)('%s: each mutant is detected, or is listed as equivalent', (name, bench) => {
  const mutants = listSurfaceMutants(bench.loaded.source.content).filter((mutant) => !mutant.name.startsWith('systems.'));
  const planted = some(mutants, SEED).filter((mutant) => !(mutant.name in (known[name] ?? {})));
  expect(planted.length).toBeGreaterThan(EACH / 2);
  expect(planted.filter((mutant) => judgeSurface(mutant, bench).by === undefined).map((mutant) => mutant.name)).toEqual([]);
});

test('the list of equivalent mutants names existing mappings only', () => {
  const names = [...all, ...surfaces].map(([name]) => name as string);
  expect(Object.keys(known).filter((name) => !names.includes(name))).toEqual([]);
});
