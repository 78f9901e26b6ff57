// Faults in a path: another element of the same type, another word or system in a condition, another member of a list, a condition less.
import { findElement, listElementNames } from '../../src/fhir/elements.ts';
import type { WritablePath } from '../../src/fhir/writable-path/path.ts';
import type { Change } from './mutant.ts';

/** What a path is compiled by, and what else could stand in it. */
export interface PathContext {
  /** Compiles a path as it stands at these keys; undefined: it is not from the resource, or no path. */
  compile(text: string): WritablePath | undefined;
  resource: string;
  /** Aliases of the surface. */
  aliases: string[];
  /** Literals that stand in conditions of this mapping. */
  literals: string[];
}

export function listPathMutations(text: string, context: PathContext): Change[] {
  return [...siblings(text, context), ...literals(text, context), ...aliases(text, context), ...members(text), ...conditions(text)]
    .filter((change) => change !== text)
    .map((value) => ({ what: value, value }));
}

/** The last element, and the one before it, as another of the same type. */
function siblings(text: string, { compile, resource }: PathContext): string[] {
  const path = compile(text);
  if (!path) return [];
  return path.steps.flatMap((step, at) => {
    if (at < path.steps.length - 2 || step.name.startsWith('value') || step.name === 'extension') return [];
    const type = path.steps[at - 1]?.type ?? (path.variable === undefined ? resource : undefined);
    const own = type === undefined ? undefined : findElement(type, step.name);
    if (!own) return [];
    const alike = listElementNames(type!).filter((name) => {
      const other = findElement(type!, name)!;
      return name !== step.name && other.types[0] === own.types[0] && other.list === own.list && !other.choice && name !== 'id';
    });
    const other = alike[0];
    const place = text.lastIndexOf(step.name);
    return other === undefined || place < 0 ? [] : [text.slice(0, place) + other + text.slice(place + step.name.length)];
  });
}

const literals = (text: string, { literals: known }: PathContext): string[] =>
  [...text.matchAll(/='([^']*)'/g)].map((match) => {
    const other = known.find((name) => name !== match[1]) ?? 'other';
    return `${text.slice(0, match.index)}='${other}'${text.slice(match.index + match[0].length)}`;
  });

const aliases = (text: string, { aliases: known }: PathContext): string[] =>
  [...text.matchAll(/%(\w+)/g)].flatMap((match) => {
    const at = known.indexOf(match[1]!);
    if (at < 0 || known.length < 2) return [];
    return [`${text.slice(0, match.index)}%${known[(at + 1) % known.length]}${text.slice(match.index + match[0].length)}`];
  });

const members = (text: string): string[] =>
  [...text.matchAll(/(?:\.skip\(\d+\))?\.first\(\)/g)].map(
    (match) =>
      text.slice(0, match.index) +
      (match[0].startsWith('.skip') ? '.first()' : '.skip(1).first()') +
      text.slice(match.index + match[0].length),
  );

/** A condition less: the first member is meant then. Only those without brackets inside. */
const conditions = (text: string): string[] =>
  [...text.matchAll(/\.where\([^()]*\)/g)].map(
    (match) => `${text.slice(0, match.index)}.first()${text.slice(match.index + match[0].length)}`,
  );
