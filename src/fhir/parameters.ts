// Reads and builds Parameters resources. https://hl7.org/fhir/R4/parameters.html
import type { ParsedJson } from './json.ts';
import { type Element, isElement, readMember, toList } from './json-values.ts';
import { invalidStructure } from './outcome.ts';
import type { Resource } from './types.ts';

/** A parameter, or a part of one. `where`: its path, for errors. */
export interface Parameter extends ParsedJson {
  name: string;
  plain: Element;
  where: string;
}

/** Whether a value is a Parameters resource. */
export const isParameters = (value: unknown): value is Resource => readMember(value, 'resourceType') === 'Parameters';

/** The parameters of a Parameters resource, in the order sent. Refuses (400) a value that is not a list, and parameters without a name. */
export const listParameters = (resource: ParsedJson): Parameter[] => listNamed(resource, 'Parameters', 'parameter');

/** The parts of a parameter, with the same refusals. */
export const listParts = (parameter: Parameter): Parameter[] => listNamed(parameter, parameter.where, 'part');

function listNamed({ plain, exact }: ParsedJson, owner: string, member: 'parameter' | 'part'): Parameter[] {
  const list = readMember(plain, member) ?? [];
  if (!Array.isArray(list)) throw invalidStructure('a list is expected', `${owner}.${member}`);
  const exactList = toList(readMember(exact, member));
  return list.map((parameter: unknown, at) => {
    const where = `${owner}.${member}[${at}]`;
    if (!isElement(parameter) || typeof parameter.name !== 'string') throw invalidStructure(`a ${member} has a name`, where);
    return { name: parameter.name, plain: parameter, exact: exactList[at], where };
  });
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
