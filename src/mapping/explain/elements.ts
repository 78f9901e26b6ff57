// The FHIR elements that a field shows or stores, by their JSON names: `Patient.telecom.value`.
import type { WritablePath } from '../../fhir/writable-path/path.ts';
import type { Field } from '../lens/field.ts';
import type { LoadedShape } from '../load/loaded.ts';
import { toJoinedType } from '../spec.ts';

/** Parts that are read from the text of a name that has only a text: fhir/person-name.ts. */
const NAME_PARTS = new Set(['prefix', 'given', 'family', 'suffix']);

type ElementLister = (field: Field, list?: Field) => string[];

/** Returns a function from a field (for a member's field, with its list) to its elements, each once. */
export function buildElementLister({ lens: { names }, mapping: { content } }: LoadedShape): ElementLister {
  const { resource, with: joined = {}, let: lets = {} } = content;
  /** The elements at which the steps of a path begin. A variable of the server or of the request has none. */
  const listStarts = ({ variable }: WritablePath, from: string[]): string[] => {
    if (variable === undefined) return from;
    const join = joined[variable];
    if (join) return [toJoinedType(join)];
    const choice = lets[variable];
    return typeof choice === 'object' ? choice.first.flatMap((text) => follow(names.compile(text), [resource])) : [];
  };
  const follow = (path: WritablePath, from: string[]): string[] =>
    listStarts(path, from).flatMap((start) => toNames(path).map((names) => [start, ...names].join('.')));
  const followEach = ({ each }: Field['spec'], path: WritablePath, from: string[]): string[] => {
    const inner = [each ?? []].flat().map((text) => names.compile(text, path.type));
    const elements = follow(path, from);
    return inner.length ? inner.flatMap((one) => follow(one, elements)) : elements;
  };
  return ({ spec, paths, writtenPaths }, list) => {
    const from = list ? list.paths.flatMap((path) => follow(path, [resource])) : [resource];
    const written = writtenPaths.filter((path) => !paths.some(({ text }) => text === path.text));
    return [...new Set([...paths.flatMap((path) => followEach(spec, path, from)), ...written.flatMap((path) => follow(path, from))])];
  };
}

/** The names of the steps; for a part of a name, also those that lead to its text. */
function toNames({ steps }: WritablePath): string[][] {
  const names = steps.map(({ name }) => name);
  const part = steps.findIndex(({ name }, at) => steps[at - 1]?.type === 'HumanName' && NAME_PARTS.has(name));
  return part < 0 ? [names] : [names, [...names.slice(0, part), 'text']];
}
