// `facet mapping check`: what is wrong with the mappings, with file, line and what to write instead; then their examples and every law.
import { relative } from 'node:path';
import { examplesFile, nameOf, readExamples } from '../mapping/example.ts';
import { proofOf } from '../mapping/laws/proof.ts';
import { surfaceProof } from '../mapping/laws/surface-proof.ts';
import type { Fault, LoadedShape } from '../mapping/load/loaded.ts';
import { chosen, type MappingWorld } from './mapping-world.ts';
import { bold, green, red, shownPath, withHeads } from './terminal.ts';
import { broken, textTable } from './text-table.ts';

/** Lines to print, and how many mistakes there are. */
export interface Checked {
  lines: string[];
  mistakes: number;
}

/** Checks the named mappings, or all. `quick`: without the examples. */
export function checkMappings(world: MappingWorld, names: string[], { quick = false }: { quick?: boolean }): Checked {
  const faults = world.faults.filter(({ place }) => isAbout(world, place, names));
  if (faults.length) return { lines: told(faults), mistakes: faults.length };
  const shapes = chosen(world, names);
  const proofs = quick ? [] : shapes.map((loaded) => proof(loaded, world));
  const surfaces = quick ? [] : world.surfaces.filter(({ surface }) => shapes.some(({ shape }) => shape.surface === surface));
  const breaches = [...proofs.flatMap((one) => one.breaches), ...surfaces.flatMap(surfaceProof)];
  const table = textTable(
    ['mapping', 'resource', 'fields', 'filters', 'examples', ''],
    shapes.map((loaded, nth) => row(loaded, proofs[nth])),
    [34, 20, 8, 8, 8, 20],
  );
  return { lines: [...withHeads(table), '', ...(breaches.length ? told(breaches) : [closing(quick)])], mistakes: breaches.length };
}

const closing = (quick: boolean): string =>
  green(
    quick
      ? 'Nothing is wrong. The examples were not looked at.'
      : 'Nothing is wrong: every example holds, every law holds, nothing is left out.',
  );

/** Whether a mistake stands in the files of one of these; a mistake in a surface is one of all its shapes. */
function isAbout({ directory }: MappingWorld, place: string, names: string[]): boolean {
  if (!names.length) return true;
  const [vendor = '', file = ''] = relative(directory, place.replace(/:\d+.*$/, '')).split('/');
  const shape = file.replace(/(\.examples)?\.ya?ml$/i, '');
  return names.some((name) => name === vendor || name === `${vendor}/${shape}` || (shape === 'surface' && name.startsWith(`${vendor}/`)));
}

interface Proof {
  examples: number;
  breaches: Fault[];
}

function proof(loaded: LoadedShape, world: MappingWorld): Proof {
  try {
    const examples = readExamples(loaded.mapping.file);
    return { examples: examples.content.length, breaches: proofOf(loaded, examples, world) };
  } catch (error) {
    const text = (error as Error).message.replace(/^\S+\.yaml(?::\d+)? /, '');
    return { examples: 0, breaches: [{ place: examplesFile(loaded.mapping.file), text }] };
  }
}

function row(loaded: LoadedShape, proven: Proof | undefined): string[] {
  const filters = Object.keys(loaded.mapping.content.search ?? {}).length;
  const counts = [loaded.lens.leaves.length, filters, proven ? proven.examples : '–'].map(String);
  return [nameOf(loaded), loaded.shape.resource, ...counts, proven?.breaches.length ? red(`${proven.breaches.length} wrong`) : ''];
}

/** Each mistake: where on one line, what below it. */
function told(faults: Fault[]): string[] {
  const here = faults.flatMap(({ place, text }) => {
    const [file = '', keys = ''] = place.split(' ');
    return [`${bold(shownPath(file))}  ${keys}`.trimEnd(), ...broken(text, 96).map((line) => `    ${line}`)];
  });
  return [...here, '', red(faults.length === 1 ? '1 mistake' : `${faults.length} mistakes`)];
}
