// Reduces resources for `_summary` and `_elements`. A tag marks them as incomplete. https://hl7.org/fhir/R4/search.html#summary, #elements
import { type ElementInfo, findElement } from './elements.ts';
import { parseExactJson, stringifyJson } from './json.ts';
import { isObject, readMember, toList, toObject } from './json-values.ts';
import { isResource, type Resource } from './types.ts';

/** The values of `_summary` for a resource. `count` applies to searches only. */
export type Summary = 'true' | 'text' | 'data' | 'false';

const SUBSETTED = {
  system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue',
  code: 'SUBSETTED',
  display: 'Resource encoded in summary mode',
};

type KeepElement = (name: string, facts: ElementInfo | undefined) => boolean;
type Json = Record<string, unknown>;

/** The elements that are always kept, so that the result is still an identifiable resource. */
const ALWAYS = new Set(['resourceType', 'id', 'meta']);
const isMandatory = (facts: ElementInfo | undefined): boolean => (facts?.min ?? 0) > 0;

/** The body with only these and the mandatory elements. `names`: a choice has no type suffix (`value`). */
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

/** The body reduced to a kind of summary. */
export const summarizeBody = (body: string, summary: Summary): string =>
  summary === 'false' ? body : tagAsSubset(body, SUMMARIES[summary]);

/** Keeps the summary elements, also inside backbone elements. Datatypes are kept whole. */
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

/** Filters elements. The sibling of a primitive is kept or removed with it. */
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
