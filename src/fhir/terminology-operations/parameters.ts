// Reads the parameters of a terminology operation by its table of parameters: from the URL, and from a Parameters resource. https://hl7.org/fhir/R4/operations.html#request,
// https://hl7.org/fhir/R4/parameters.html
import { isElement, listObjects, toList } from '../json-values.ts';
import { invalid, invalidStructure, notSupported } from '../outcome.ts';
import { isResource, type Resource } from '../types.ts';

/** The kind of a parameter's value. `parts`: it consists of further parameters. */
type ParameterKind = 'text' | 'boolean' | 'integer' | 'Coding' | 'CodeableConcept' | 'resource' | 'parts';

/** `list`: the parameter may occur several times. `type`: the type of a resource. */
interface ParameterDefinition {
  kind: ParameterKind;
  list?: true;
  type?: string;
}

export type ParameterTable = Readonly<Record<string, ParameterDefinition>>;

/** The values of the parameters, each in the JavaScript form of its kind. */
export interface OperationParameters {
  text(name: string): string | undefined;
  texts(name: string): string[];
  /** False if absent. */
  flag(name: string): boolean;
  integer(name: string): number | undefined;
  element(name: string): Record<string, unknown> | undefined;
  elements(name: string): Record<string, unknown>[];
  resource(name: string): Resource | undefined;
  /** The names of the parameters that are present. */
  names: string[];
}

/** Parameters that every request may have. https://hl7.org/fhir/R4/http.html#parameters */
const ALWAYS: ReadonlySet<string> = new Set(['_format', '_pretty']);
/** The elements of texts in a Parameters resource: clients disagree about the type of a canonical URL or a code. */
const TEXT_ELEMENTS = ['Uri', 'Canonical', 'Url', 'Code', 'String', 'Id', 'DateTime', 'Date', 'Instant'].map((type) => `value${type}`);
const ELEMENTS: Readonly<Record<ParameterKind, readonly string[]>> = {
  text: TEXT_ELEMENTS,
  boolean: ['valueBoolean'],
  integer: ['valueInteger', 'valuePositiveInt', 'valueUnsignedInt'],
  Coding: ['valueCoding'],
  CodeableConcept: ['valueCodeableConcept'],
  resource: ['resource'],
  parts: ['part'],
};

/**
 * `body`: a Parameters resource, or the resource of the operation's only resource parameter of that type. Unknown and repeated parameters are refused (400):
 * ignoring one would give the result of another question.
 */
export function readOperationParameters(
  operation: string,
  table: ParameterTable,
  { query, body }: { query: readonly [string, string][]; body?: unknown },
): OperationParameters {
  const found = new Map<string, unknown[]>();
  const add = (name: string, value: unknown, where?: string): void => {
    const before = found.get(name) ?? [];
    if (before.length && !table[name]!.list) throw invalid(`${name} may be given once`, where);
    found.set(name, [...before, value]);
  };
  const define = (name: unknown, where?: string): ParameterDefinition => {
    const definition = typeof name === 'string' && Object.hasOwn(table, name) ? table[name] : undefined;
    if (!definition) throw notSupported(`the parameters of ${operation} are ${Object.keys(table).join(', ')}`, where);
    return definition;
  };
  for (const [name, value] of query) if (!ALWAYS.has(name)) add(name, parseText(name, define(name), value));
  for (const { name, value, where } of listBodyParameters(table, body, define)) add(name, value, where);
  return buildReader(found);
}

interface BodyParameter {
  name: string;
  value: unknown;
  where: string;
}

function listBodyParameters(
  table: ParameterTable,
  body: unknown,
  define: (name: unknown, where: string) => ParameterDefinition,
): BodyParameter[] {
  if (body === undefined) return [];
  if (!isResource(body)) throw invalidStructure('the body must be a Parameters resource');
  if (body.resourceType !== 'Parameters') return [readBareResource(table, body)];
  if (body.parameter !== undefined && !Array.isArray(body.parameter)) throw invalidStructure('a list is expected', 'Parameters.parameter');
  return toList(body.parameter).map((parameter, at) => {
    const where = `Parameters.parameter[${at}]`;
    if (!isElement(parameter)) throw invalidStructure('a parameter has a name', where);
    const definition = define(parameter.name, where);
    return { name: String(parameter.name), value: readValue(parameter, definition, where), where };
  });
}

/** An operation with one resource parameter may be called with this resource as the body. https://hl7.org/fhir/R4/operations.html#executing */
function readBareResource(table: ParameterTable, body: Resource): BodyParameter {
  const name = Object.keys(table).find((candidate) => table[candidate]!.type === body.resourceType);
  if (name === undefined) throw invalidStructure('the body must be a Parameters resource', body.resourceType);
  return { name, value: body, where: body.resourceType };
}

function readValue(parameter: Record<string, unknown>, { kind, type }: ParameterDefinition, where: string): unknown {
  const member = ELEMENTS[kind].find((name) => parameter[name] !== undefined);
  if (member === undefined) throw invalidStructure(`${parameter.name} needs ${ELEMENTS[kind][0]}`, where);
  const value = parameter[member];
  if (!IS_OF_KIND[kind](value)) throw invalidStructure(`${member} has another form`, `${where}.${member}`);
  if (type !== undefined && !(isResource(value) && value.resourceType === type))
    throw invalidStructure(`a ${type} is expected`, `${where}.${member}`);
  return kind === 'parts' ? { part: listObjects(value) } : value;
}

const IS_OF_KIND: Readonly<Record<ParameterKind, (value: unknown) => boolean>> = {
  text: (value) => typeof value === 'string' && value !== '',
  boolean: (value) => typeof value === 'boolean',
  integer: (value) => Number.isInteger(value),
  Coding: isElement,
  CodeableConcept: isElement,
  resource: isResource,
  parts: Array.isArray,
};

/** The value of a parameter in the URL. */
function parseText(name: string, { kind }: ParameterDefinition, text: string): unknown {
  const parse = Object.hasOwn(URL_PARSERS, kind) ? URL_PARSERS[kind] : undefined;
  if (!parse) throw invalid(`${name} cannot be sent in the URL: send a Parameters resource by POST`);
  const value = parse(text);
  if (value === undefined)
    throw invalid(`${name} must be ${kind === 'boolean' ? 'true or false' : kind === 'text' ? 'a text' : 'a number'}`);
  return value;
}

const URL_PARSERS: Readonly<Record<string, (text: string) => unknown>> = {
  text: (text) => (text === '' ? undefined : text),
  boolean: (text) => (text === 'true' ? true : text === 'false' ? false : undefined),
  integer: (text) => (/^\d{1,9}$/.test(text) ? Number(text) : undefined),
};

function buildReader(found: ReadonlyMap<string, unknown[]>): OperationParameters {
  // the assertions: readValue and parseText have checked the form of each value
  const list = <T>(name: string): T[] => (found.get(name) ?? []) as T[];
  return {
    text: (name) => list<string>(name)[0],
    texts: list,
    flag: (name) => list<boolean>(name)[0] ?? false,
    integer: (name) => list<number>(name)[0],
    element: (name) => list<Record<string, unknown>>(name)[0],
    elements: list,
    resource: (name) => list<Resource>(name)[0],
    names: [...found.keys()],
  };
}

/** A parameter of a result. `value`: the value by its JSON name (`{ valueCode: 'equivalent' }`), or parts. */
export interface ResultParameter {
  name: string;
  part?: ResultParameter[];
  [value: string]: unknown;
}

/** A Parameters resource. Parameters without a value are left out. */
export const buildParameters = (parameters: readonly (ResultParameter | undefined)[]): Resource => ({
  resourceType: 'Parameters',
  parameter: parameters.filter((parameter) => parameter !== undefined),
});
