// The %names of a mapping: aliases (constant texts), lets (names of paths) and variables (values of a request or of a join).
import { type Aliases, compilePath, type PathScope, type WritablePath } from '../../fhir/writable-path/path.ts';
import { type MappingSpec, toJoinedType } from '../spec.ts';

export interface NameScope {
  scope: Required<Omit<PathScope, 'inStoredOrder'>>;
  /** Replaces the lets; the result is FHIRPath with aliases and variables. */
  expand(text: string): string;
  /** Compiles a path from the resource, or from an element of another type. */
  compile(text: string, type?: string): WritablePath;
  /** Compiles a path that selects all members in their stored order. */
  compileMembers(text: string, type?: string): WritablePath;
  /** Lets that choose an element (`first:`): found once for each resource. */
  boundElements: { name: string; first(node: unknown, env: Record<string, unknown>): unknown }[];
}

/** Variables that the server provides. */
const SERVER_VARIABLES = { created: 'instant', defaultBrand: 'string' };

/** Names in Env that no search parameter may use. */
const RESERVED_NAMES: readonly string[] = ['created', 'baseUrl', 'clientBaseUrl', 'newId', 'now', 'defaultBrand', 'alias', 'resolved'];

/** Search parameters that paths of fields use as variables (`%state`). */
export function findBoundParameters(
  { search = {}, fields, let: lets = {}, with: joined = {}, row }: MappingSpec,
  aliases: Aliases,
): string[] {
  const names = new Set([...JSON.stringify([fields, lets]).matchAll(/%(\w+)/g)].map(([, name]) => name));
  const others = [...RESERVED_NAMES, ...Object.keys({ ...aliases, ...lets, ...joined }), row?.key];
  return Object.keys(search).filter((name) => names.has(name) && !others.includes(name));
}

/** Builds the names of a mapping; throws for a let that cannot be compiled. */
export function buildNameScope(mapping: MappingSpec, aliases: Readonly<Record<string, string>>): NameScope {
  const lets = new Map(
    Object.entries(mapping.let ?? {}).flatMap(([name, text]) => (typeof text === 'string' ? [[name, text] as const] : [])),
  );
  const joined = Object.entries(mapping.with ?? {}).map(([name, spec]) => [name, toJoinedType(spec)] as const);
  const row = mapping.row ? [[mapping.row.key, 'string'] as const] : [];
  const parameters = findBoundParameters(mapping, aliases).map((name) => [name, 'string'] as const);
  const variables: Record<string, string> = {
    ...Object.fromEntries(parameters),
    ...SERVER_VARIABLES,
    ...mapping.given,
    ...Object.fromEntries([...joined, ...row]),
  };
  const scope = { type: mapping.resource, aliases, variables, names: [...lets.keys()], usePreference: mapping.prefer ?? {} };
  const expand = (text: string): string => expandLets(text, lets);
  const path = (text: string, type = mapping.resource): WritablePath => compilePath(expand(text), { ...scope, type });
  const members = (text: string, type = mapping.resource): WritablePath =>
    compilePath(expand(text), { ...scope, type, inStoredOrder: true });
  const elements = Object.entries(mapping.let ?? {}).flatMap(([name, choice]) => {
    if (typeof choice === 'string') return [];
    const paths = choice.first.map((text) => path(text));
    const types = new Set(paths.map((path) => path.type));
    const [type, ...others] = types;
    if (type === undefined || others.length) throw new Error(`let ${name}: its paths lead to different types: ${[...types].join(', ')}`);
    const has = path(choice.elementHas, type);
    variables[name] = type;
    const first = (node: unknown, env: Record<string, unknown>): unknown => {
      for (const path of paths) for (const element of path.get(node, env)) if (has.get(element, env).length) return element;
      return undefined;
    };
    return [{ name, first }];
  });
  return { scope, expand, compile: path, compileMembers: members, boundElements: elements };
}

function expandLets(text: string, lets: ReadonlyMap<string, string>, depth = 0): string {
  if (depth > lets.size) throw new Error(`${text}: its names refer to themselves`);
  const next = text.replace(/%(\w+)/g, (found, name) => lets.get(name) ?? found);
  return next === text ? text : expandLets(next, lets, depth + 1);
}
