// Explains a mapping: the FHIR path of each field, the search parameters that find it, and the FHIR search of each filter.

import type { CompositePart } from '../../fhir/indexing/indexed-parameter.ts';
import { toRecord } from '../../fhir/json-values.ts';
import type { Condition } from '../../fhir/search/query.ts';
import type { SearchParameter, SearchRegistry } from '../../fhir/search/registry.ts';
import { parseSearch, parseSearchUrl } from '../../fhir/search/request.ts';
import type { Resource } from '../../fhir/types.ts';
import { type Field, listLeaves } from '../lens/field.ts';
import { buildExampleEnv } from '../load/examples.ts';
import type { LoadedShape } from '../load/loaded.ts';
import { listSearches } from '../query/parameter-rules.ts';
import { toSampleValue } from '../query/search-parameters.ts';
import { buildSampleValues, buildSearchText } from '../query/search-text.ts';
import type { View } from '../shape.ts';
import type { SearchSpec } from '../spec.ts';
import { pickDifferentValue } from './different-value.ts';
import type { FieldSamples } from './samples.ts';

/** A field of a shape, with its full name: `patient.last_name`, or `phones[].number` for a field of the members of a list. */
interface NamedField {
  name: string;
  field: Field;
  /** The list whose members have the field. */
  list?: Field;
}

/** All fields, those of the members of lists included. */
export const listFields = ({ lens }: LoadedShape): NamedField[] =>
  lens.leaves.flatMap((field) => [
    { name: field.keyPath.join('.'), field },
    ...(field.members ?? []).flatMap(listLeaves).map((member) => ({ name: toMemberName(field, member), field: member, list: field })),
  ]);

const toMemberName = ({ keyPath: listPath }: Field, { keyPath }: Field): string =>
  `${listPath.join('.')}[].${keyPath.slice(listPath.length).join('.')}`;

interface ExplainedField extends NamedField {
  /** The FHIRPaths of the field from the resource, as the mapping file has them. */
  paths: string[];
  /** Search parameters that index the field's value. Undefined for a field of a list member: the row of the list has them. */
  parameters?: SearchParameter[];
}

/** Explains every field. */
export function explainFields(
  loaded: LoadedShape,
  { registry, samples }: { registry: SearchRegistry; samples: FieldSamples },
): ExplainedField[] {
  const empty = writeOrEmpty(loaded, {});
  return listFields(loaded).map((named) => {
    const { field, list } = named;
    if (list) return { ...named, paths: field.paths.map(({ text }) => `${list.paths[0]!.text}.${text}`) };
    return {
      ...named,
      paths: field.keyPath.length > 1 || field.members ? field.paths.map(({ text }) => text) : [field.spec.fhir ?? []].flat(),
      parameters: findParameters(registry, empty, buildResourceWithValue(loaded, field, samples)),
    };
  });
}

/** Builds a resource with a value in this field only. A lens does not write a read-only field of an object, so its value is put at its path. */
function buildResourceWithValue(loaded: LoadedShape, field: Field, samples: FieldSamples): Resource {
  const resource = writeOrEmpty(loaded, buildViewWithValue(field, samples));
  const [main] = field.paths;
  const value = pickDifferentValue(field, undefined, samples);
  if (!field.spec.readOnly || field.keyPath.length === 1 || !main || main.readOnly !== undefined || value === undefined) return resource;
  return main.put(resource, [field.codec.write(value, buildExampleEnv())]);
}

/** Builds a view with a value in this field only. */
function buildViewWithValue(field: Field, samples: FieldSamples): View {
  const value = pickDifferentValue(field, undefined, samples);
  return value === undefined ? {} : toRecord(field.keyPath.toReversed().reduce<unknown>((inner, name) => ({ [name]: inner }), value));
}

/** Writes a view into a new resource. Returns an empty resource when the write fails. */
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

/** Finds the search parameters with other values in `filled` than in `empty`. Composite parameters are compared by their components. */
function findParameters(registry: SearchRegistry, empty: Resource, filled: Resource): SearchParameter[] {
  const partsIn = ({ occurrences, components }: CompositePart, resource: Resource): unknown[] =>
    occurrences.evaluate(resource).map(({ value }) => components.map(({ findValues }) => findValues(value, resource)));
  const listValues = (parameter: SearchParameter, resource: Resource): string =>
    JSON.stringify(parameter.parts?.map((part) => partsIn(part, resource)) ?? parameter.evaluate(resource));
  return registry.list(filled.resourceType).filter((parameter) => listValues(parameter, empty) !== listValues(parameter, filled));
}

interface ExplainedFilter {
  filter: string;
  /** The FHIR search of the filter; `{}` is the value. */
  search: string;
  conditions: Condition[];
}

/** Explains every filter. A filter with `words:` has one entry for each word. */
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
