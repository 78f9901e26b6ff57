// Reads the input parameters of an operation from a Parameters resource, by a table of what the operation takes.
// https://hl7.org/fhir/R4/operations.html#request, https://hl7.org/fhir/R4/parameters.html
import type { ParsedJson } from './json.ts';
import { isElement, readMember, toList } from './json-values.ts';
import { invalid, invalidStructure, notSupported } from './outcome.ts';

/** Name of an input parameter → the element of its value (`valueMeta`, `resource`), and how often it may occur. */
type InputParameters = Readonly<Record<string, { element: string; required?: true; repeats?: true }>>;

/** The values of each parameter, in the order sent. `where`: their paths, for errors. */
type OperationInput<T extends InputParameters> = { readonly [name in keyof T]: readonly InputValue[] };

interface InputValue extends ParsedJson {
  where: string;
}

/** Refuses (400) a body that is not a Parameters resource, and unknown, repeated and missing parameters. `operation`: its name, for errors. */
export function readOperationInput<const T extends InputParameters>(operation: string, table: T, body: ParsedJson): OperationInput<T> {
  const { plain, exact } = body;
  if (!isElement(plain) || plain.resourceType !== 'Parameters')
    throw invalidStructure(`$${operation} takes a Parameters resource ${listNames(table)}`);
  const list = plain.parameter ?? [];
  if (!Array.isArray(list)) throw invalidStructure('a list is expected', 'Parameters.parameter');
  const exactList = toList(readMember(exact, 'parameter'));
  const found = new Map<string, InputValue[]>(Object.keys(table).map((name) => [name, []]));
  for (const [at, parameter] of list.entries()) {
    const where = `Parameters.parameter[${at}]`;
    if (!isElement(parameter) || typeof parameter.name !== 'string') throw invalidStructure('a parameter has a name', where);
    const { name } = parameter;
    const values = found.get(name);
    if (!values) throw notSupported(`$${operation} takes a Parameters resource ${listNames(table)}`, where);
    const { element, repeats } = table[name]!;
    if (parameter[element] === undefined) throw invalidStructure(`${name} needs ${element}`, where);
    if (values.length && !repeats) throw invalid(`${name} may occur only once`, where);
    values.push({ plain: parameter[element], exact: readMember(exactList[at], element), where: `${where}.${element}` });
  }
  for (const [name, { required, element }] of Object.entries(table))
    if (required && !found.get(name)!.length)
      throw invalid(`$${operation} needs the parameter ${name} with ${element}`, 'Parameters.parameter');
  // the assertion: the map has an entry for each name of the table
  return Object.fromEntries(found) as unknown as OperationInput<T>;
}

const listNames = (table: InputParameters): string => {
  const names = Object.keys(table);
  return names.length ? `with ${names.join(', ')}` : 'without parameters';
};
