// The search parameters in force: R4's own for the served types, and the project's own SearchParameter resources, compiled.
// https://hl7.org/fhir/R4/searchparameter-registry.html, https://hl7.org/fhir/R4/searchparameter.html
import { readFileSync } from 'node:fs';
import { DATES } from './date-values.ts';
import { parameterNumber } from './hash.ts';
import type { Hash, ParameterNumber } from './index-rows.ts';
import { NUMBERS } from './number-values.ts';
import { REFERENCES } from './reference-values.ts';
import { compileExpression, type Expression } from './search-expression.ts';
import { STRINGS } from './string-values.ts';
import { presenceHash } from './token.ts';
import { CASELESS, hasSystem, TOKENS } from './token-values.ts';
import { isServed, SERVED_TYPES, type ServedType } from './types.ts';

/** The parts of a SearchParameter resource that searching needs. */
export interface SearchParameterResource {
  url?: string;
  code: string;
  base: string[];
  type: string;
  expression?: string;
  target?: string[];
  modifier?: string[];
}

/** Kind of parameter → the element types it can be made of. Composite and special parameters are not served. */
const KINDS = {
  token: TOKENS,
  string: STRINGS,
  date: DATES,
  reference: REFERENCES,
  uri: REFERENCES,
  number: NUMBERS,
  quantity: NUMBERS,
};

export type ParameterKind = keyof typeof KINDS;

/** One parameter of one resource type, as indexing and querying use it. */
export interface SearchParameter extends Expression {
  code: string;
  type: ParameterKind;
  number: ParameterNumber;
  /** The number of its `:text` rows (token parameters). */
  textNumber: ParameterNumber;
  /** The canonical URL of its definition. */
  url?: string;
  /** The resource types a reference may lead to, served or not. */
  targets?: string[];
  /** Code systems its `code` elements imply without naming them. */
  systems: string[];
  /** Whether `:contains` is declared, so that a substring index serves it. */
  infix: boolean;
  /** Token parameters: whether case is ignored, and whether any of its values can name a system. */
  caseless: boolean;
  systemless: boolean;
  /** String parameters: whether names are compared by sound. */
  phonetic: boolean;
  /** The token of a resource that has a value for it. */
  presence: Hash;
}

export interface Registry {
  /** The parameter of a type, if it is served; the common ones (`_id`) are parameters of every type. */
  lookup(type: string, code: string): SearchParameter | undefined;
  /** All served parameters of a type, the common ones first: what the CapabilityStatement may promise. */
  list(type: string): readonly SearchParameter[];
  /** The kind of a parameter that FHIR defines for the type and this server does not serve (`composite`, `special`). */
  unserved(type: string, code: string): string | undefined;
}

interface Definition {
  code: string;
  type: string;
  expression: string;
  url?: string;
  targets?: string[];
  systems?: string[];
  infix?: boolean;
}

const { any: ANY, ...BASE } = JSON.parse(readFileSync(new URL('./generated/search-parameters.json', import.meta.url), 'utf8')) as {
  any: string[];
  Resource: Definition[];
} & Record<ServedType, Definition[]>;

/** Parameters answered from the resource's own row, not from index rows. */
export const COLUMNS: ReadonlySet<string> = new Set(['_id', '_lastUpdated']);

/** FHIR's implied system of true and false. https://hl7.org/fhir/R4/search.html#token */
const BOOLEANS = ['http://hl7.org/fhir/special-values', 'http://terminology.hl7.org/CodeSystem/special-values'];
const CODE = /^_?[A-Za-z][A-Za-z0-9_-]*$/;

/** R4's parameters and these. Fails with a plain Error that names the parameter which cannot be served, stands twice, or shares another's number. */
export function buildRegistry(custom: readonly SearchParameterResource[]): Registry {
  custom.forEach(check);
  const tables = new Map(SERVED_TYPES.map((type) => [type as string, tableOf(type, definitionsOf(type, custom))]));
  refuseCollisions(
    [...tables].flatMap(([type, { served }]) =>
      [...served.values()].map((parameter) => ({ ...parameter, name: `${type}.${parameter.code}` })),
    ),
  );
  const lists = new Map([...tables].map(([type, { served }]) => [type, [...served.values()]]));
  return {
    lookup: (type, code) => tables.get(type)?.served.get(code),
    list: (type) => lists.get(type) ?? [],
    unserved: (type, code) => tables.get(type)?.unserved.get(code),
  };
}

function check({ url, code, base, type, expression }: SearchParameterResource): void {
  const problem =
    (!CODE.test(code) && 'its code may hold letters, digits, - and _ only') ||
    (!Object.hasOwn(KINDS, type) && `parameters of type ${type} are not served`) ||
    (!expression && 'it has no expression') ||
    (!base.some(isServed) && 'none of its base types is served');
  if (problem) throw new Error(`SearchParameter ${url ?? code}: ${problem}`);
}

function definitionsOf(type: ServedType, custom: readonly SearchParameterResource[]): Definition[] {
  const own = custom.filter(({ base }) => base.includes(type));
  return [...BASE.Resource, ...BASE[type], ...own.map(definitionOf)];
}

const definitionOf = ({ url, code, type, expression, target, modifier = [] }: SearchParameterResource): Definition => ({
  code,
  type,
  expression: expression!,
  infix: modifier.includes('contains'),
  ...(url !== undefined && { url }),
  ...(target && { targets: target }),
});

interface Table {
  served: Map<string, SearchParameter>;
  unserved: Map<string, string>;
}

function tableOf(type: ServedType, definitions: Definition[]): Table {
  const served = new Map<string, SearchParameter>();
  const unserved = new Map<string, string>();
  for (const definition of definitions) {
    const { code, type: kind, url } = definition;
    if (served.has(code) || unserved.has(code)) throw new Error(`SearchParameter ${url ?? code}: ${type} has another parameter ${code}`);
    if (Object.hasOwn(KINDS, kind)) served.set(code, parameterOf(type, definition, kind as ParameterKind));
    else unserved.set(code, kind);
  }
  return { served, unserved };
}

function parameterOf(type: ServedType, definition: Definition, kind: ParameterKind): SearchParameter {
  const { code, url, targets = ANY, systems = [], infix = false } = definition;
  const { types, values } = compiled(type, definition, kind);
  const every = (test: (type: string) => boolean): boolean => types?.every(test) ?? false;
  return {
    code,
    type: kind,
    number: parameterNumber(`${type}.${code}`),
    textNumber: parameterNumber(`${type}.${code}:text`),
    ...(url !== undefined && { url }),
    ...(kind === 'reference' && { targets }),
    systems: every((valueType) => valueType === 'boolean') ? BOOLEANS : systems,
    infix,
    caseless: every((valueType) => CASELESS.has(valueType)),
    systemless: every((valueType) => !hasSystem(valueType)),
    phonetic: kind === 'string' && code === 'phonetic',
    presence: presenceHash(code),
    types,
    values,
  };
}

function compiled(type: ServedType, { code, url, expression }: Definition, kind: ParameterKind): Expression {
  try {
    const found = compileExpression(expression, type, new Set(Object.keys(KINDS[kind])));
    if (found.types?.length === 0) throw new Error(`its expression finds nothing in ${type} that a ${kind} parameter can be made of`);
    return found;
  } catch (error) {
    throw new Error(`SearchParameter ${url ?? code}: ${(error as Error).message}`, { cause: error });
  }
}

/** Two parameters of one number would answer each other's searches. */
export function refuseCollisions(parameters: { name: string; number: ParameterNumber; textNumber: ParameterNumber }[]): void {
  const names = new Map<ParameterNumber, string>();
  for (const { name, number, textNumber } of parameters) {
    for (const taken of [number, textNumber]) {
      if (names.has(taken))
        throw new Error(`the search parameters ${names.get(taken)} and ${name} have the same number: rename the project's own`);
      names.set(taken, name);
    }
  }
}
