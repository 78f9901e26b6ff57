// Parts of a resource: `_summary` and `_elements`. What is left out is said by a tag. https://hl7.org/fhir/R4/search.html#summary, #elements
import { type ElementFacts, elementOf } from './elements.ts';
import { parseExact, stringify } from './json.ts';
import type { Resource } from './types.ts';

/** `count` is no part of a resource, but of a search. */
export type Summary = 'true' | 'text' | 'data' | 'false';

const SUBSETTED = {
  system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue',
  code: 'SUBSETTED',
  display: 'Resource encoded in summary mode',
};

type Keeps = (name: string, facts: ElementFacts | undefined) => boolean;
type Json = Record<string, unknown>;

/** Always there, so that the part is still a resource that can be told from others. */
const ALWAYS = new Set(['resourceType', 'id', 'meta']);
const isMandatory = (facts: ElementFacts | undefined): boolean => (facts?.min ?? 0) > 0;

/** The body with these elements of the resource (and what is mandatory) alone. `names`: without a choice's type (`value`). */
export function elementsOf(body: string, names: ReadonlySet<string>): string {
  return tagged(body, (resource) =>
    kept(
      resource,
      resource.resourceType,
      (name, facts) => isMandatory(facts) || names.has(facts?.choice?.replace('[x]', '') ?? name) || names.has(name),
    ),
  );
}

const SUMMARIES: Readonly<Record<Exclude<Summary, 'false'>, (resource: Resource) => Json>> = {
  true: (resource) => summarized(resource, resource.resourceType),
  text: (resource) => kept(resource, resource.resourceType, (name, facts) => name === 'text' || isMandatory(facts)),
  data: (resource) => kept(resource, resource.resourceType, (name) => name !== 'text'),
};

/** The body as this kind of summary shows it. */
export const summaryOf = (body: string, summary: Summary): string => (summary === 'false' ? body : tagged(body, SUMMARIES[summary]));

/** Elements marked as summary, also inside of backbone elements; datatypes are shown whole. */
function summarized(element: Json, type: string): Json {
  const shown = kept(
    element,
    type,
    (name, facts) => facts?.summary === true || isMandatory(facts) || (facts === undefined && name.startsWith('_')),
  );
  return Object.fromEntries(Object.entries(shown).map(([name, value]) => [name, below(value, elementOf(type, name)?.types[0])]));
}

function below(value: unknown, type: string | undefined): unknown {
  if (type === undefined || !type.includes('.')) return value;
  return Array.isArray(value) ? value.map((item) => summarized(item as Json, type)) : summarized(value as Json, type);
}

/** A primitive's extensions stand and fall with it. */
const kept = (element: Json, type: string, keeps: Keeps): Json =>
  Object.fromEntries(
    Object.entries(element).filter(([name]) => {
      const own = name.replace(/^_/, '');
      return ALWAYS.has(own) || keeps(own, elementOf(type, own));
    }),
  );

function tagged(body: string, part: (resource: Resource) => Json): string {
  const resource = parseExact(body) as Resource;
  const { resourceType, id, meta, ...rest } = part(resource) as Resource;
  const tags = ((meta as Json | undefined)?.tag ?? []) as unknown[];
  return stringify({ resourceType, id, meta: { ...meta, tag: [...tags, SUBSETTED] }, ...rest });
}
