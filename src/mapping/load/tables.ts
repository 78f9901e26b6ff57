// The tables of a surface (`tables:`): files of texts and the codes they stand for, which stand beside it or with whoever else uses them.
import { dirname, join } from 'node:path';
import { folded, type Tables } from '../lens/derivations.ts';
import type { SurfaceSpec } from '../spec.ts';
import type { Fault } from './loaded.ts';
import { readSource, type Source } from './source.ts';

/** Reads them; a file that is missing, or is no table of texts, is told with its place in the surface. */
export function tablesOf(source: Source<SurfaceSpec>, faults: Fault[]): Tables {
  const entries = Object.entries(source.content.tables ?? {}).flatMap(([name, file]) => {
    try {
      return [[name, tableIn(join(dirname(source.file), file))] as const];
    } catch (error) {
      faults.push({ place: source.place(['tables', name]), text: (error as Error).message });
      return [];
    }
  });
  return Object.fromEntries(entries);
}

function tableIn(file: string): ReadonlyMap<string, string> {
  const { content } = readSource<Record<string, unknown>>(file);
  const entries = Object.entries(content ?? {});
  if (Array.isArray(content) || !entries.length || entries.some(([, code]) => typeof code !== 'string'))
    throw new Error(`${file} is no table: write a line text: code for each text`);
  return new Map(entries.map(([text, code]) => [folded(text), code as string]));
}
