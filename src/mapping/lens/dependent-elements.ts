// Elements that repeat the value of others: a concept has codes and a text, a name has parts and a text. When one changes, the elements that still repeat the
// old value are removed or updated, so that a resource never contradicts itself. docs/decisions/0018-mapping-language.md

import { toRecord } from '../../fhir/json-values.ts';
import type { PathVariables, Step } from '../../fhir/writable-path/path.ts';

const CODING = ['display', 'version', 'userSelected'];
const NAME = ['family', 'given', 'prefix', 'suffix'];
const ADDRESS = ['line', 'city', 'district', 'state', 'postalCode', 'country'];

const mapEach = (names: string[], others: string[]) => Object.fromEntries(names.map((name) => [name, others]));

/** Type → changed element → elements that repeat its old value. */
const DEPENDENTS: Readonly<Record<string, Readonly<Record<string, string[]>>>> = {
  CodeableConcept: { text: ['coding'], coding: ['text', 'coding'] },
  Coding: mapEach(['system', 'code'], CODING),
  Reference: {
    display: ['reference', 'identifier', 'type'],
    ...mapEach(['reference', 'identifier'], ['display', 'identifier', 'reference', 'type']),
  },
  HumanName: { text: NAME },
  Address: { text: ADDRESS },
  Annotation: { text: ['time', 'authorString', 'authorReference'] },
  Attachment: mapEach(['data', 'url'], ['hash', 'size']),
};

/** Types whose text repeats their parts, and may have more than these. */
const TEXT_PARTS: Readonly<Record<string, string[]>> = { HumanName: NAME, Address: ADDRESS };

/** Replaces changed parts in the text of a node; the rest of the text stays. */
export function updateText(type: string, before: unknown, after: unknown): unknown {
  const { text } = toRecord(before);
  if (!Object.hasOwn(TEXT_PARTS, type) || typeof text !== 'string' || toRecord(after).text !== text) return after;
  const newText = TEXT_PARTS[type]!.reduce((so, part) => replaceWords(so, joinPart(before, part), joinPart(after, part)), text);
  const tidy = newText.replace(/\s+/g, ' ').replace(/^[\s,]+|[\s,]+$/g, '');
  if (newText === text) return after;
  const { text: _text, ...parts } = toRecord(after);
  return tidy === '' ? parts : { ...toRecord(after), text: tidy };
}

const joinPart = (node: unknown, part: string): string => [toRecord(node)[part] ?? []].flat().join(' ');

/** Replaces the old words, as whole words, by the new ones. */
function replaceWords(text: string, former: string, next: string): string {
  if (former === '' || former === next) return text;
  const at = text.search(new RegExp(`(?<![\\p{L}\\p{N}])${RegExp.escape(former)}(?![\\p{L}\\p{N}])`, 'u'));
  return at < 0 ? text : text.slice(0, at) + next + text.slice(at + former.length);
}

/** Finds the elements that repeat the old value of changed elements. */
export function findStaleDependents(type: string, changed: readonly string[]): string[] {
  const dependents = DEPENDENTS[type];
  const stale: string[] = [];
  for (const name of dependents ? changed : []) if (Object.hasOwn(dependents!, name)) stale.push(...dependents![name]!);
  return stale;
}

/** Removes these elements, except those that the kept steps select. */
export function omitStaleDependents(
  node: unknown,
  outdated: readonly string[],
  { preservedSteps, env }: { preservedSteps: readonly Step[]; env: PathVariables },
): unknown {
  if (typeof node !== 'object' || node === null) return node;
  const entries = Object.entries(node).flatMap(([name, value]): [string, unknown][] => {
    if (!outdated.includes(name.replace(/^_/, ''))) return [[name, value]];
    const remaining = preservedSteps
      .filter((step) => step.name === name)
      .flatMap((step) => (step.open ? value : findMatches(step, node, env)));
    const inOrder = Array.isArray(value) ? value.filter((element) => remaining.includes(element)) : value;
    return remaining.length ? [[name, inOrder]] : [];
  });
  return Object.fromEntries(entries);
}

function findMatches(step: Step, node: unknown, env: PathVariables): unknown[] {
  const all: unknown[] = [];
  step.find(node, env, all);
  return step.index === undefined ? all : all.slice(step.index, step.index + 1);
}
