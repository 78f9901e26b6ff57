// Reads the input parameters of an operation by a table of what it takes: from the URL, and from a Parameters resource.
// https://hl7.org/fhir/R4/operations.html#request, https://hl7.org/fhir/R4/parameters.html
import { isPrimitive, isResourceType } from './elements.ts';
import type { ParsedJson } from './json.ts';
import { type Element, isElement, readMember } from './json-values.ts';
import { invalid, invalidStructure, notSupported } from './outcome.ts';
import { isParameters, listParameters, listParts, type Parameter } from './parameters.ts';
import { type ParsedResource, type Resource, toParsedResource } from './types.ts';

/**
 * `type`: the type in the definition of the operation: a datatype, a resource type, or `Resource` for a resource of any type; absent: the parameter has parts.
 * `list`: the parameter may occur several times. `least`: the smallest whole number; absent: 0. `asBody`: the resource alone may be the body.
 */
interface ParameterDefinition {
  type?: string;
  list?: true;
  required?: true;
  least?: number;
  asBody?: true;
}

export type ParameterTable = Readonly<Record<string, ParameterDefinition>>;

/** A value. `where`: its path in the body, for errors; absent: it is in the URL. */
export interface InputValue extends ParsedJson {
  where?: string;
}

/** The values of the parameters, each in the JavaScript form of its type. */
export interface OperationParameters<Name extends string = string> {
  text(name: Name): string | undefined;
  texts(name: Name): string[];
  /** False if absent. */
  flag(name: Name): boolean;
  integer(name: Name): number | undefined;
  element(name: Name): Element | undefined;
  elements(name: Name): Element[];
  resource(name: Name): Resource | undefined;
  parsedResource(name: Name): ParsedResource | undefined;
  /** The values in the order sent. Of a parameter with parts, the whole parameter. */
  values(name: Name): readonly InputValue[];
  /** The names of the parameters that are present. */
  names: Name[];
}

/** Parameters that every request may have. https://hl7.org/fhir/R4/http.html#parameters */
const ALWAYS: ReadonlySet<string> = new Set(['_format', '_pretty']);

/**
 * `operation`: its name, for errors. `body`: a Parameters resource, or a resource that the table takes as the body. Unknown and repeated parameters are refused
 * (400): ignoring one would give the result of another question.
 */
export function readOperationParameters<const T extends ParameterTable>(
  operation: string,
  table: T,
  { query = [], body }: { query?: readonly [string, string][]; body?: ParsedJson | undefined },
): OperationParameters<keyof T & string> {
  const found = new Map<string, InputValue[]>();
  const add = (name: string, where: string | undefined, read: (definition: ParameterDefinition) => InputValue): void => {
    const definition = Object.hasOwn(table, name) ? table[name] : undefined;
    if (!definition) throw notSupported(formatNames(operation, table), where);
    const before = found.get(name) ?? [];
    if (before.length && !definition.list)
      throw invalid(
        where !== undefined && before[0]!.where === undefined
          ? `${name} is in the URL and in the body: send it once`
          : `${name} may occur only once`,
        where,
      );
    before.push(read(definition));
    found.set(name, before);
  };
  for (const [name, text] of query) if (!ALWAYS.has(name)) add(name, undefined, (definition) => parseText(name, definition, text));
  if (body !== undefined && isParameters(body.plain))
    for (const parameter of listParameters(body)) add(parameter.name, parameter.where, (definition) => readValue(parameter, definition));
  else if (body !== undefined) found.set(...readBareResource(operation, table, body));
  for (const [name, definition] of Object.entries(table))
    if (definition.required && !found.has(name))
      throw invalid(`${operation} needs the parameter ${name} with ${listElements(definition)[0]}`, 'Parameters.parameter');
  return buildReader(found);
}

function formatNames(operation: string, table: ParameterTable): string {
  const names = Object.keys(table);
  return names.length ? `the parameters of ${operation} are ${names.join(', ')}` : `${operation} has no parameters`;
}

/** An operation may be called with its only resource as the body. https://hl7.org/fhir/R4/operations.html#executing */
function readBareResource(operation: string, table: ParameterTable, { plain, exact }: ParsedJson): [name: string, [InputValue]] {
  const [name, { type = '' }] = Object.entries(table).find(([, { asBody }]) => asBody) ?? ['', {}];
  if (!isElement(plain) || (type !== 'Resource' && plain.resourceType !== type)) {
    const alone = type === 'Resource' ? 'the resource alone' : `a ${type} alone`;
    const text = `the body must be a Parameters resource${type && `, or ${alone}`}: ${formatNames(operation, table)}`;
    throw invalidStructure(text);
  }
  return [name, [{ plain, exact, where: type }]];
}

type ParameterKind = 'text' | 'boolean' | 'integer' | 'element' | 'resource' | 'parts';

function toKind({ type }: ParameterDefinition): ParameterKind {
  if (type === undefined) return 'parts';
  if (type === 'boolean' || type === 'integer') return type;
  if (isPrimitive(type)) return 'text';
  return isResourceType(type) ? 'resource' : 'element';
}

const toElementName = (type: string): string => `value${type.charAt(0).toUpperCase()}${type.slice(1)}`;

/** Primitive types whose values are sent as each other: clients disagree about the type of a canonical URL, a code or a time. */
const ALIKE = [
  ['integer', 'positiveInt', 'unsignedInt'],
  ['date', 'dateTime', 'instant'],
  ['uri', 'canonical', 'url', 'code', 'string', 'id'],
];

/** The elements that may have the value. The first is that of the definition. */
function listElements(definition: ParameterDefinition): string[] {
  const { type = '' } = definition;
  const kind = toKind(definition);
  if (kind === 'resource') return ['resource'];
  if (kind === 'parts') return ['part'];
  return [type, ...(ALIKE.find((types) => types.includes(type)) ?? [])].map(toElementName);
}

function readValue(parameter: Parameter, definition: ParameterDefinition): InputValue {
  const { name, plain: elements, exact, where } = parameter;
  const member = listElements(definition).find((element) => elements[element] !== undefined);
  if (member === undefined) throw invalidStructure(`${name} needs ${listElements(definition)[0]}`, where);
  const kind = toKind(definition);
  if (kind === 'parts') {
    listParts(parameter);
    return { plain: elements, exact, where };
  }
  const value = { plain: elements[member], exact: readMember(exact, member), where: `${where}.${member}` };
  if (!FORMS[kind].accepts(value.plain, definition)) throw invalidStructure(`${FORMS[kind].describe(definition)} is expected`, value.where);
  return value;
}

/** What values of a kind are. `parse`: from the URL; undefined: the text has another form. */
interface ValueForm {
  accepts(value: unknown, definition: ParameterDefinition): boolean;
  describe(definition: ParameterDefinition): string;
  parse?(text: string): unknown;
}

const FORMS: Readonly<Record<Exclude<ParameterKind, 'parts'>, ValueForm>> = {
  text: { accepts: (value) => typeof value === 'string' && value !== '', describe: () => 'a text', parse: (text) => text },
  boolean: {
    accepts: (value) => typeof value === 'boolean',
    describe: () => 'true or false',
    parse: (text) => (text === 'true' ? true : text === 'false' ? false : undefined),
  },
  integer: {
    accepts: (value, { least = 0 }) => typeof value === 'number' && Number.isInteger(value) && value >= least,
    describe: ({ least = 0 }) => (least ? `a whole number above ${least - 1}` : 'a whole number'),
    parse: (text) => (/^\d{1,9}$/.test(text) ? Number(text) : undefined),
  },
  element: { accepts: isElement, describe: ({ type }) => `an object of type ${type}` },
  resource: {
    // a resource of any type is an object, because $validate reports a missing resourceType as an issue of the resource
    accepts: (value, { type }) => isElement(value) && (type === 'Resource' || value.resourceType === type),
    describe: ({ type }) => `a ${type === 'Resource' ? 'resource' : type}`,
  },
};

/** The value of a parameter in the URL. */
function parseText(name: string, definition: ParameterDefinition, text: string): InputValue {
  const kind = toKind(definition);
  const form = kind === 'parts' ? undefined : FORMS[kind];
  if (!form?.parse) throw invalid(`${name} cannot be sent in the URL: send a Parameters resource by POST`);
  const plain = form.parse(text);
  if (!form.accepts(plain, definition)) throw invalid(`${name} must be ${form.describe(definition)}`);
  return { plain, exact: plain };
}

function buildReader(found: ReadonlyMap<string, readonly InputValue[]>): OperationParameters {
  const values = (name: string): readonly InputValue[] => found.get(name) ?? [];
  // the assertions: readValue and parseText have checked the form of each value
  const list = <T>(name: string): T[] => values(name).map(({ plain }) => plain as T);
  return {
    text: (name) => list<string>(name)[0],
    texts: list,
    flag: (name) => list<boolean>(name)[0] ?? false,
    integer: (name) => list<number>(name)[0],
    element: (name) => list<Element>(name)[0],
    elements: list,
    resource: (name) => list<Resource>(name)[0],
    parsedResource: (name) => values(name).map(toParsedResource)[0],
    values,
    names: [...found.keys()],
  };
}
