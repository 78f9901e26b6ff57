// Some FHIR types say one thing in several ways: a concept by codes and as a text, a name by its parts and whole. Who changes one of them has said another
// thing, and the ways that still say the former one go with it: what FHIR clients read is never two things. docs/decisions/0018-mapping-language.md
import type { PathVariables, Step } from '../../fhir/writable-path/path.ts';

type Node = Record<string, unknown>;

const CODING = ['display', 'version', 'userSelected'];
const NAME = ['family', 'given', 'prefix', 'suffix'];
const ADDRESS = ['line', 'city', 'district', 'state', 'postalCode', 'country'];

const mapEach = (names: string[], others: string[]) => Object.fromEntries(names.map((name) => [name, others]));

/** Type → the element that was changed → the elements that said the same as it did before. */
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

/** Types whose text says their parts once more, and often more than these. */
const TEXT_PARTS: Readonly<Record<string, string[]>> = { HumanName: NAME, Address: ADDRESS };

/** A node whose parts were changed: its text says the new ones where it said the former ones, and all else that it said before. */
export function updateText(type: string, before: unknown, after: unknown): unknown {
  const { text } = (before ?? {}) as Node;
  if (!Object.hasOwn(TEXT_PARTS, type) || typeof text !== 'string' || (after as Node | undefined)?.text !== text) return after;
  const told = TEXT_PARTS[type]!.reduce((so, part) => replaceWords(so, joinPart(before, part), joinPart(after, part)), text);
  const tidy = told.replace(/\s+/g, ' ').replace(/^[\s,]+|[\s,]+$/g, '');
  if (told === text) return after;
  const { text: _text, ...parts } = after as Node;
  return tidy === '' ? parts : { ...(after as Node), text: tidy };
}

const joinPart = (node: unknown, part: string): string => [(node as Node | undefined)?.[part] ?? []].flat().join(' ');

/** The text with the new words where the former ones stand whole. */
function replaceWords(text: string, former: string, next: string): string {
  if (former === '' || former === next) return text;
  const at = text.search(new RegExp(`(?<![\\p{L}\\p{N}])${RegExp.escape(former)}(?![\\p{L}\\p{N}])`, 'u'));
  return at < 0 ? text : text.slice(0, at) + next + text.slice(at + former.length);
}

/** The elements that no longer say what a node of this type says once these have been changed. */
export const findStaleDependents = (type: string, changed: readonly string[]): string[] => {
  const ways = DEPENDENTS[type];
  return ways ? changed.flatMap((name) => (Object.hasOwn(ways, name) ? ways[name]! : [])) : [];
};

/** The node without these elements, but for what the kept steps find. */
export function omitStaleDependents(
  node: unknown,
  outdated: readonly string[],
  { kept, env }: { kept: readonly Step[]; env: PathVariables },
): unknown {
  if (typeof node !== 'object' || node === null) return node;
  const entries = Object.entries(node as Node).flatMap(([name, value]): [string, unknown][] => {
    if (!outdated.includes(name.replace(/^_/, ''))) return [[name, value]];
    const left = kept.filter((step) => step.name === name).flatMap((step) => (step.open ? value : findMatches(step, node, env)));
    const inOrder = Array.isArray(value) ? value.filter((one) => left.includes(one)) : value;
    return left.length ? [[name, inOrder]] : [];
  });
  return Object.fromEntries(entries);
}

function findMatches(step: Step, node: unknown, env: PathVariables): unknown[] {
  const all: unknown[] = [];
  step.find(node, env, all);
  return step.index === undefined ? all : all.slice(step.index, step.index + 1);
}
