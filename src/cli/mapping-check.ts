// `facet mapping check`: reports mistakes in mappings, with file, line and what to write instead; then runs the examples and laws.

import { relative } from 'node:path';
import type { Diagnostic } from '../mapping/diagnostics.ts';
import { toMessage } from '../mapping/diagnostics.ts';
import { readExamples, toExamplesPath } from '../mapping/load/examples.ts';
import { type LoadedShape, toQualifiedName } from '../mapping/load/loaded.ts';
import { MISSING_ENGINE_NOTE } from '../mapping-tools/laws/fhirpath-comparison.ts';
import { proveMapping } from '../mapping-tools/laws/mapping-proof.ts';
import { proveSurface } from '../mapping-tools/laws/surface-proof.ts';
import { type MappingFiles, pickShapes } from './mapping-files.ts';
import { bold, green, red, shownPath, withHeads } from './terminal.ts';
import { broken, textTable } from './text-table.ts';

/** The lines to print, and the number of mistakes. */
export interface CheckResult {
  lines: string[];
  mistakes: number;
}

/** Checks the named mappings, or all. `quick`: without the examples. */
export function checkMappings(world: MappingFiles, names: string[], { quick = false }: { quick?: boolean }): CheckResult {
  const faults = world.faults.filter(({ place }) => isAbout(world, place, names));
  if (faults.length) return { lines: formatMistakes(faults), mistakes: faults.length };
  const shapes = pickShapes(world, names);
  const proofs = quick ? [] : shapes.map((loaded) => prove(loaded, world));
  const surfaces = quick ? [] : world.surfaces.filter(({ surface }) => shapes.some(({ shape }) => shape.surface === surface));
  const breaches = [...proofs.flatMap((proof) => proof.breaches), ...surfaces.flatMap(proveSurface)];
  const table = textTable(
    ['mapping', 'resource', 'fields', 'filters', 'examples', ''],
    shapes.map((loaded, index) => buildRow(loaded, proofs[index])),
    [34, 20, 8, 8, 8, 20],
  );
  return {
    lines: [
      ...withHeads(table),
      '',
      ...(breaches.length ? formatMistakes(breaches) : [buildClosing(quick)]),
      ...(quick || MISSING_ENGINE_NOTE === undefined ? [] : [MISSING_ENGINE_NOTE]),
    ],
    mistakes: breaches.length,
  };
}

const buildClosing = (quick: boolean): string =>
  green(quick ? 'No mistakes. The examples were not run.' : 'No mistakes: all examples and laws pass, and the examples are complete.');

/** Whether a mistake is in a file of these mappings. A mistake in a surface counts for all shapes of the surface. */
function isAbout({ directory }: MappingFiles, place: string, names: string[]): boolean {
  if (!names.length) return true;
  const [vendor = '', file = ''] = relative(directory, place.replace(/:\d+.*$/, '')).split('/');
  const shape = file.replace(/(\.examples)?\.ya?ml$/i, '');
  return names.some((name) => name === vendor || name === `${vendor}/${shape}` || (shape === 'surface' && name.startsWith(`${vendor}/`)));
}

interface Proof {
  examples: number;
  breaches: Diagnostic[];
}

function prove(loaded: LoadedShape, world: MappingFiles): Proof {
  try {
    const examples = readExamples(loaded.mapping.file);
    return { examples: examples.content.length, breaches: proveMapping(loaded, examples, world) };
  } catch (error) {
    const text = toMessage(error).replace(/^\S+\.yaml(?::\d+)? /, '');
    return { examples: 0, breaches: [{ place: toExamplesPath(loaded.mapping.file), text }] };
  }
}

function buildRow(loaded: LoadedShape, proven: Proof | undefined): string[] {
  const filters = Object.keys(loaded.mapping.content.search ?? {}).length;
  const counts = [loaded.lens.leaves.length, filters, proven ? proven.examples : '–'].map(String);
  return [toQualifiedName(loaded), loaded.shape.resource, ...counts, proven?.breaches.length ? red(`${proven.breaches.length} wrong`) : ''];
}

/** Formats each mistake: its location, and below it the text. */
function formatMistakes(faults: Diagnostic[]): string[] {
  const lines = faults.flatMap(({ place, text }) => {
    const [file = '', keys = ''] = place.split(' ');
    return [`${bold(shownPath(file))}  ${keys}`.trimEnd(), ...broken(text, 96).map((line) => `    ${line}`)];
  });
  return [...lines, '', red(faults.length === 1 ? '1 mistake' : `${faults.length} mistakes`)];
}
