// `_summary` and `_elements`: limit the response to a part of each resource. https://hl7.org/fhir/R4/search.html#summary
import { findElement, listElementNames } from '../../fhir/elements.ts';
import { invalid, invalidStructure } from '../../fhir/outcome.ts';
import { type Summary, selectElements, summarizeBody } from '../../fhir/summary.ts';

export interface Subset {
  /** The part of a resource's body that the response shows. `_elements` applies only to resources of the request's type. */
  apply(body: string, type: string): string;
  /** The parameters, for links. */
  parameters: [name: string, value: string][];
  summary: Summary;
}

const SUMMARIES = ['true', 'text', 'data', 'false'] as const;
const isSummary = (text: string): text is Summary => SUMMARIES.some((summary) => summary === text);

/** The subset of a query, and its other parameters including `_summary=count`. `type`: the type whose elements `_elements` names. */
export function parseSubset(query: [string, string][], type: string | undefined): { subset: Subset; rest: [string, string][] } {
  const subsetParameters = query.filter(([name, value]) => name === '_elements' || (name === '_summary' && value !== 'count'));
  const rest = query.filter((parameter) => !subsetParameters.includes(parameter));
  const summary = readSingleParameter(subsetParameters, '_summary') ?? 'false';
  const elements = readSingleParameter(subsetParameters, '_elements');
  if (!isSummary(summary)) throw invalid('_summary must be true, text, data, count or false');
  if (elements !== undefined && summary !== 'false') throw invalid('_summary and _elements cannot be combined');
  const names = elements === undefined ? undefined : parseElementNames(elements, type);
  const apply = (body: string, resourceType: string): string => {
    if (names === undefined) return summarizeBody(body, summary);
    return type === undefined || resourceType === type ? selectElements(body, names) : body;
  };
  return { subset: { apply, parameters: subsetParameters, summary }, rest };
}

function readSingleParameter(parameters: [string, string][], name: string): string | undefined {
  const values = parameters.filter(([parameterName]) => parameterName === name);
  if (values.length > 1) throw invalid(`${name} may occur only once`);
  return values[0]?.[1];
}

function parseElementNames(value: string, type: string | undefined): Set<string> {
  const names = value.split(',').map((name) => name.trim());
  const isElement = (name: string): boolean =>
    type === undefined || findElement(type, name) !== undefined || findElement(type, `${name}[x]`) !== undefined;
  if (names.some((name) => name === '' || !isElement(name)))
    throw invalidStructure(
      `_elements must be a list of element names: ${type === undefined ? 'identifier,status' : listElementNames(type).slice(0, 8).join(',')} …`,
    );
  return new Set(names);
}
