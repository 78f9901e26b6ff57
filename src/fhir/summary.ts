// Parts of a resource: `_summary` and `_elements`. What is left out is said by a tag. https://hl7.org/fhir/R4/search.html#summary, #elements
import { type ElementInfo, findElement } from './elements.ts';
import { parseExactJson, stringifyJson } from './json.ts';
import { isObject, readMember, toList, toObject } from './json-values.ts';
import { isResource, type Resource } from './types.ts';

/** `count` is no part of a resource, but of a search. */
export type Summary = 'true' | 'text' | 'data' | 'false';

const SUBSETTED = {
  system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue',
  code: 'SUBSETTED',
  display: 'Resource encoded in summary mode',
};

type KeepElement = (name: string, facts: ElementInfo | undefined) => boolean;
type Json = Record<string, unknown>;

/** Always there, so that the part is still a resource that can be told from others. */
const ALWAYS = new Set(['resourceType', 'id', 'meta']);
const isMandatory = (facts: ElementInfo | undefined): boolean => (facts?.min ?? 0) > 0;

/** The body with these elements of the resource (and what is mandatory) alone. `names`: without a choice's type (`value`). */
export function selectElements(body: string, names: ReadonlySet<string>): string {
  return tagAsSubset(body, (resource) =>
    filterElements(
      resource,
      resource.resourceType,
      (name, facts) => isMandatory(facts) || names.has(facts?.choice?.replace('[x]', '') ?? name) || names.has(name),
    ),
  );
}

const SUMMARIES: Readonly<Record<Exclude<Summary, 'false'>, (resource: Resource) => Json>> = {
  true: (resource) => summarizeElement(resource, resource.resourceType),
  text: (resource) => filterElements(resource, resource.resourceType, (name, facts) => name === 'text' || isMandatory(facts)),
  data: (resource) => filterElements(resource, resource.resourceType, (name) => name !== 'text'),
};

/** The body as this kind of summary shows it. */
export const summarizeBody = (body: string, summary: Summary): string =>
  summary === 'false' ? body : tagAsSubset(body, SUMMARIES[summary]);

/** Elements marked as summary, also inside of backbone elements; datatypes are shown whole. */
function summarizeElement(element: Json, type: string): Json {
  const shown = filterElements(
    element,
    type,
    (name, facts) => facts?.summary === true || isMandatory(facts) || (facts === undefined && name.startsWith('_')),
  );
  return Object.fromEntries(Object.entries(shown).map(([name, value]) => [name, summarizeChild(value, findElement(type, name)?.types[0])]));
}

function summarizeChild(value: unknown, type: string | undefined): unknown {
  if (type === undefined || !type.includes('.')) return value;
  return Array.isArray(value) ? value.map((item) => summarizeChild(item, type)) : isObject(value) ? summarizeElement(value, type) : value;
}

/** A primitive's extensions stand and fall with it. */
const filterElements = (element: Json, type: string, keeps: KeepElement): Json =>
  Object.fromEntries(
    Object.entries(element).filter(([name]) => {
      const own = name.replace(/^_/, '');
      return ALWAYS.has(own) || keeps(own, findElement(type, own));
    }),
  );

function tagAsSubset(body: string, part: (resource: Resource) => Json): string {
  const resource = parseExactJson(body);
  if (!isResource(resource)) throw new Error('a stored body is a resource');
  const { resourceType, id, meta, ...rest } = part(resource);
  const tags = toList(readMember(meta, 'tag'));
  return stringifyJson({ resourceType, id, meta: { ...toObject(meta), tag: [...tags, SUBSETTED] }, ...rest });
}
