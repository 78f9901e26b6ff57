// What the %names of a mapping mean: aliases (texts everywhere), lets (names for long paths), and variables (known when a lens runs).
import { type Aliases, compilePath, type PathScope, type WritablePath } from '../../fhir/writable-path/path.ts';
import type { MappingSpec } from '../spec.ts';
import { toJoinedType } from '../spec.ts';

export interface NameScope {
  scope: Required<Omit<PathScope, 'all'>>;
  /** Puts the lets in: what comes out is legal FHIRPath with aliases and variables. */
  expand(text: string): string;
  /** A path from the resource, or from an element of another type. */
  compile(text: string, type?: string): WritablePath;
  /** The same to all members that it finds, as they stand. */
  compileMembers(text: string, type?: string): WritablePath;
  /** Elements that are looked for once and bound to a name: the first that leads to something. */
  boundElements: { name: string; first(node: unknown, env: Record<string, unknown>): unknown }[];
}

/** What the server knows of every resource, and what of a write. */
const SERVER_VARIABLES = { created: 'instant', defaultBrand: 'string' };

/** What an Env has of its own: no parameter goes under these names. */
const RESERVED_NAMES: readonly string[] = ['created', 'baseUrl', 'newId', 'now', 'defaultBrand', 'alias', 'resolved'];

/** Search parameters whose value the paths of fields ask for (`%state`), where the name stands for nothing else. */
export function findBoundParameters(
  { search = {}, fields, let: lets = {}, with: joined = {}, row }: MappingSpec,
  aliases: Aliases,
): string[] {
  const names = new Set([...JSON.stringify([fields, lets]).matchAll(/%(\w+)/g)].map(([, name]) => name));
  const others = [...RESERVED_NAMES, ...Object.keys({ ...aliases, ...lets, ...joined }), row?.key];
  return Object.keys(search).filter((name) => names.has(name) && !others.includes(name));
}

/** The names of a mapping; a let that leads nowhere is an Error naming it. */
export function buildNameScope(mapping: MappingSpec, aliases: Readonly<Record<string, string>>): NameScope {
  const lets = new Map(
    Object.entries(mapping.let ?? {}).flatMap(([name, text]) => (typeof text === 'string' ? [[name, text] as const] : [])),
  );
  const joined = Object.entries(mapping.with ?? {}).map(([name, spec]) => [name, toJoinedType(spec)] as const);
  const row = mapping.row ? [[mapping.row.key, 'string'] as const] : [];
  const asked = findBoundParameters(mapping, aliases).map((name) => [name, 'string'] as const);
  const variables: Record<string, string> = {
    ...Object.fromEntries(asked),
    ...SERVER_VARIABLES,
    ...mapping.given,
    ...Object.fromEntries([...joined, ...row]),
  };
  const scope = { type: mapping.resource, aliases, variables, names: [...lets.keys()], prefer: mapping.prefer ?? {} };
  const expand = (text: string): string => expandLets(text, lets);
  const path = (text: string, type = mapping.resource): WritablePath => compilePath(expand(text), { ...scope, type });
  const members = (text: string, type = mapping.resource): WritablePath => compilePath(expand(text), { ...scope, type, all: true });
  const elements = Object.entries(mapping.let ?? {}).flatMap(([name, choice]) => {
    if (typeof choice === 'string') return [];
    const ways = choice.first.map((text) => path(text));
    const types = new Set(ways.map((way) => way.type));
    if (types.size !== 1) throw new Error(`let ${name}: its paths lead to different types: ${[...types].join(', ')}`);
    const [type] = types as Set<string>;
    const has = path(choice.elementHas, type);
    variables[name] = type!;
    const first = (node: unknown, env: Record<string, unknown>): unknown => {
      for (const way of ways) for (const element of way.get(node, env)) if (has.get(element, env).length) return element;
      return undefined;
    };
    return [{ name, first }];
  });
  return { scope, expand, compile: path, compileMembers: members, boundElements: elements };
}

function expandLets(text: string, lets: ReadonlyMap<string, string>, depth = 0): string {
  if (depth > lets.size) throw new Error(`${text}: its names lead back to themselves`);
  const next = text.replace(/%(\w+)/g, (found, name) => lets.get(name) ?? found);
  return next === text ? text : expandLets(next, lets, depth + 1);
}
