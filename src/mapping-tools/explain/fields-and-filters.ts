// Explains a mapping: the FHIR path of each field, the search parameters that find it, and the FHIR search of each filter.

import type { CompositePart } from '../../fhir/indexing/composite-part.ts';
import { parseSearchUrl } from '../../fhir/query-string.ts';
import type { Condition } from '../../fhir/search/query.ts';
import type { SearchParameter, SearchRegistry } from '../../fhir/search/registry.ts';
import { parseSearch } from '../../fhir/search/request.ts';
import type { Resource } from '../../fhir/types.ts';
import { type Field, listLeaves } from '../../mapping/lens/field.ts';
import { buildExampleEnv } from '../../mapping/load/examples.ts';
import type { LoadedShape } from '../../mapping/load/loaded.ts';
import { listSearches } from '../../mapping/query/parameter-rules.ts';
import { toSampleValue } from '../../mapping/query/search-parameters.ts';
import { buildSampleValues, buildSearchText } from '../../mapping/query/search-text.ts';
import type { View } from '../../mapping/shape.ts';
import type { SearchSpec } from '../../mapping/spec.ts';
import { toObject } from '../../mapping/values.ts';
import { type FieldSamples, pickDifferentValue } from '../laws/different-value.ts';

interface ExplainedField {
  field: string;
  /** FHIRPath from the resource, as the mapping writes it; of several places all. */
  paths: string[];
  /** Search parameters that see what the field writes; undefined: it is a member's, and the list's say it. */
  parameters?: SearchParameter[];
}

/** Every field, those inside of objects by their whole name. */
export function explainFields(
  loaded: LoadedShape,
  { registry, samples }: { registry: SearchRegistry; samples: FieldSamples },
): ExplainedField[] {
  const bare = writeOrEmpty(loaded, {});
  return loaded.lens.leaves.flatMap((field) => [
    {
      field: field.keyPath.join('.'),
      paths: field.keyPath.length > 1 || field.members ? field.paths.map(({ text }) => text) : [field.spec.fhir ?? []].flat(),
      parameters: findParameters(registry, bare, buildResourceWithValue(loaded, field, samples)),
    },
    ...(field.members ?? []).flatMap(listLeaves).map((member) => explainMember(field, member)),
  ]);
}

/** A field of each member of a list: what finds it is said of the list. */
const explainMember = (list: Field, { keyPath, paths }: Field): ExplainedField => ({
  field: `${list.keyPath.join('.')}[].${keyPath.slice(list.keyPath.length).join('.')}`,
  paths: paths.map(({ text }) => `${list.paths[0]!.text}.${text}`),
});

/** A resource that has a value at this field and at no other; one that is only shown, in an object, is put there. */
function buildResourceWithValue(loaded: LoadedShape, field: Field, samples: FieldSamples): Resource {
  const made = writeOrEmpty(loaded, buildViewWithValue(field, samples));
  const [main] = field.paths;
  const value = pickDifferentValue(field, undefined, samples);
  if (!field.spec.readOnly || field.keyPath.length === 1 || !main || main.readOnly !== undefined || value === undefined) return made;
  return main.put(made, [field.codec.write(value, buildExampleEnv())]);
}

/** A view that has a value for this field and for no other. */
function buildViewWithValue(field: Field, samples: FieldSamples): View {
  const value = pickDifferentValue(field, undefined, samples);
  return value === undefined ? {} : toObject(field.keyPath.toReversed().reduce<unknown>((inner, name) => ({ [name]: inner }), value));
}

/** The resource that a view alone makes; as it is for an empty view when it cannot be made. */
function writeOrEmpty({ lens, mapping }: LoadedShape, view: View): Resource {
  const row = mapping.content.row;
  const env = buildExampleEnv({
    newId: '0190b3c2-0000-7000-8000-000000000001',
    now: '2026-01-01T00:00:00.000Z',
    ...(row && { [row.key]: 'NY' }),
  });
  const empty: Resource = { resourceType: mapping.content.resource };
  try {
    return lens.write(view, empty, env, { server: true });
  } catch {
    return empty;
  }
}

/** The parameters that see something in the one resource that is not in the other; of several values at once those whose parts do. */
function findParameters(registry: SearchRegistry, bare: Resource, filled: Resource): SearchParameter[] {
  const partsIn = ({ occurrences, components }: CompositePart, resource: Resource): unknown[] =>
    occurrences.evaluate(resource).map(({ value }) => components.map(({ values }) => values(value)));
  const seen = (parameter: SearchParameter, resource: Resource): string =>
    JSON.stringify(parameter.parts?.map((part) => partsIn(part, resource)) ?? parameter.evaluate(resource));
  return registry.list(filled.resourceType).filter((parameter) => seen(parameter, bare) !== seen(parameter, filled));
}

interface ExplainedFilter {
  filter: string;
  /** The FHIR search it becomes; `{}` is the value. */
  search: string;
  conditions: Condition[];
}

/** Every filter, and each word of it that asks for something of its own. */
export function explainFilters({ mapping, lens }: LoadedShape, registry: SearchRegistry): ExplainedFilter[] {
  const { resource, search = {}, only } = mapping.content;
  const explained = (filter: string, text: string, sample: string): ExplainedFilter => {
    const values = buildSampleValues(text, sample);
    const { type, parameters } = parseSearchUrl(`${resource}?${buildSearchText(text, lens.names.scope.aliases, values)}`);
    const { query } = parseSearch(type, parameters, { registry, baseUrl: '', handling: 'strict' });
    return { filter, search: text || '–', conditions: query.where };
  };
  return [
    ...(only === undefined ? [] : [explained('(always)', only, '2000-01-01T00:00:00Z')]),
    ...Object.entries(search).flatMap(([name, spec]) =>
      listFilterSearches(name, spec).map(({ filter, text }) => explained(filter, text, toSampleValue(spec))),
    ),
  ];
}

function listFilterSearches(name: string, spec: SearchSpec): { filter: string; text: string }[] {
  if (typeof spec === 'object' && 'words' in spec)
    return Object.entries(spec.words).map(([word, text]) => ({ filter: `${name}=${word}`, text }));
  return [{ filter: name, text: listSearches(spec)[0] ?? '' }];
}
