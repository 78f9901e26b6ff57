// The references of a resource to others, and of others to it.
import { toChildPath } from '../../../json-changes/child-path.ts';
import { isJsonObject, type Json } from '../../api/exact-json.ts';

/** A resource (`Patient/1`), and the elements through which it is connected. */
export interface ReferenceEnd {
  target: string;
  paths: string[];
}

/** References to stored resources: relative ones, with or without a version. https://hl7.org/fhir/R4/references.html#literal */
const LITERAL = /^([A-Z][A-Za-z]+\/[A-Za-z0-9\-.]{1,64})(?:\/_history\/[^/]+)?$/;

/** The resources that a resource refers to. */
export function listReferences(resource: Json): ReferenceEnd[] {
  const found = new Map<string, string[]>();
  const walk = (value: Json, path: string): void => {
    if (Array.isArray(value)) for (const [at, item] of value.entries()) walk(item, toChildPath(path, at));
    if (!isJsonObject(value)) return;
    const target = typeof value.reference === 'string' ? LITERAL.exec(value.reference)?.[1] : undefined;
    if (target !== undefined) found.set(target, [...(found.get(target) ?? []), path]);
    for (const [name, member] of Object.entries(value)) walk(member, toChildPath(path, name));
  };
  walk(resource, '');
  return [...found].map(([target, paths]) => ({ target, paths }));
}

/** A node of the graph: one resource, or the many of one type. */
export interface ReferenceNode {
  /** The type, and the elements that refer. */
  title: string;
  /** The id, or for many their number. */
  note: string;
  /** Absent for many. */
  target?: string;
}

/** So many of one type are shown one by one. */
const MOST_OF_TYPE = 4;

/** The nodes of one side. Many resources of one type are one node. */
export function groupNodes(ends: ReferenceEnd[]): ReferenceNode[] {
  const byType = Map.groupBy(ends, ({ target }) => target.split('/')[0]!);
  return [...byType].flatMap(([type, own]): ReferenceNode[] => {
    const name = (some: ReferenceEnd[]): string => [type, ...new Set(some.flatMap(({ paths }) => paths.map(withoutIndexes)))].join(' · ');
    if (own.length > MOST_OF_TYPE) return [{ title: name(own), note: `${own.length} resources` }];
    return own.map((end) => ({ title: name([end]), note: end.target.slice(type.length + 1), target: end.target }));
  });
}

const withoutIndexes = (path: string): string => path.replace(/\[\d+\]/g, '');
