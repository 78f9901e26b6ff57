// Explains one shape: its endpoints, its fields with their elements and codes, its filters, its losses, and its file.
import { existsSync } from 'node:fs';
import type { SearchRegistry } from '../../fhir/search/registry.ts';
import { type Field, toFileKeys } from '../lens/field.ts';
import { describePreferences } from '../load/check-prefer.ts';
import { readExamples, toExamplesPath } from '../load/examples.ts';
import type { LoadedShape } from '../load/loaded.ts';
import { toPublishedPlace } from '../load/yaml-file.ts';
import { listEndpoints } from '../openapi/operations.ts';
import { explainCodes } from './codes.ts';
import { buildElementLister } from './elements.ts';
import { explainFields, explainFilters, listFields } from './fields-and-filters.ts';
import { findLosses } from './losses.ts';
import { buildSamples } from './samples.ts';

/** The endpoints of a shape, and its fields with their elements. */
export function outlineShape(loaded: LoadedShape) {
  const listElements = buildElementLister(loaded);
  return {
    ...describeShape(loaded),
    fields: listFields(loaded).map(({ name, field, list }) => ({ name, elements: listElements(field, list) })),
  };
}

/** Everything about a shape. */
export function explainShape(loaded: LoadedShape, registry: SearchRegistry) {
  const { shape, mapping } = loaded;
  const samples = buildSamples(existsSync(toExamplesPath(mapping.file)) ? readExamples(mapping.file).content : [], shape);
  const listElements = buildElementLister(loaded);
  const { unseen, partly, changed } = findLosses(loaded);
  return {
    ...describeShape(loaded),
    preferences: describePreferences(mapping.content),
    fields: explainFields(loaded, { registry, samples }).map(({ name, field, list, paths, parameters }) => ({
      name,
      elements: listElements(field, list),
      ...describeField(field),
      paths,
      mapping: toPublishedPlace(mapping.locateLine(toFileKeys(field.keyPath))),
      ...(parameters && { foundBy: parameters.map(({ code }) => code) }),
      codes: explainCodes(field.spec),
    })),
    filters: explainFilters(loaded, registry).map(({ filter, search }) => ({ name: filter, search })),
    losses: {
      unshown: unseen,
      partial: partly.map(({ what, how }) => ({ element: what, shown: how })),
      changed: changed.map(({ what, how }) => ({ field: what, how })),
    },
    source: { file: toPublishedPlace(mapping.file), text: mapping.text },
  };
}

function describeShape(loaded: LoadedShape) {
  const { shape, mapping } = loaded;
  const { about } = mapping.content;
  return {
    shape: shape.name,
    resource: shape.resource,
    ...(about !== undefined && { about }),
    forPatients: shape.isPersonal,
    endpoints: listEndpoints(loaded),
  };
}

/** What a request may do with a field, and the form of its values. */
function describeField({ spec, codec, members }: Field) {
  const format = codec.format ?? spec.format;
  return {
    type: members ? 'object[]' : (spec.type ?? 'string'),
    ...(format !== undefined && { format }),
    ...(spec.as !== undefined && { codec: spec.as }),
    access: spec.readOnly ? 'read' : spec.writeOnly ? 'write' : (spec.onlyIn ?? 'read-write'),
    required: spec.required === true,
  };
}
