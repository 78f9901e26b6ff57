// `facet mapping explain`: the FHIR path and search parameters of each field, the FHIR search and index of each filter, and the losses.

import { existsSync } from 'node:fs';
import { explainFields, explainFilters } from '../mapping/explain/fields-and-filters.ts';
import { findLosses } from '../mapping/explain/losses.ts';
import { buildSamples } from '../mapping/explain/samples.ts';
import { describePreferences } from '../mapping/load/check-prefer.ts';
import { readExamples, toExamplesPath } from '../mapping/load/examples.ts';
import { type LoadedShape, toQualifiedName } from '../mapping/load/loaded.ts';
import { conditionIndexes, parameterIndexes } from './database-indexes.ts';
import type { MappingFiles } from './mapping-files.ts';
import { bold, withArticle, withHeads } from './terminal.ts';
import { broken, textTable } from './text-table.ts';

/** Lines about one mapping. */
export function explainMapping(loaded: LoadedShape, world: MappingFiles): string[] {
  const { shape, mapping } = loaded;
  const { about } = mapping.content;
  return [
    bold(`${toQualifiedName(loaded)}: ${shape.interactions.join(', ')} at ${shape.path}, ${withArticle(shape.resource)}`),
    ...(about === undefined ? [] : broken(about, 100)),
    ...describePreferences(mapping.content),
    ...(shape.isPersonal ? ['Only keys that are restricted to a patient may use it.'] : []),
    '',
    ...fieldLines(loaded, world),
    ...filterLines(loaded, world),
    ...lossLines(loaded),
  ];
}

function fieldLines(loaded: LoadedShape, { registry }: MappingFiles): string[] {
  const { file } = loaded.mapping;
  const samples = buildSamples(existsSync(toExamplesPath(file)) ? readExamples(file).content : [], loaded.shape);
  const rows = explainFields(loaded, { registry, samples }).map(({ name, paths, parameters }) => [
    name,
    paths.join(', '),
    parameters ? parameters.map(({ code }) => code).join(', ') || '–' : '',
    parameters ? [...new Set(parameters.flatMap((parameter) => parameterIndexes(parameter).split(', ')))].join(', ') || '–' : '',
  ]);
  return withHeads(textTable(['field', 'where in FHIR', 'found by', 'index'], rows, [30, 30, 18, 16]));
}

function filterLines(loaded: LoadedShape, { registry }: MappingFiles): string[] {
  const filters = explainFilters(loaded, registry);
  if (!filters.length) return [];
  const rows = filters.map(({ filter, search, conditions }) => [
    filter,
    search,
    [...new Set(conditions.flatMap(conditionIndexes))].join(', ') || '–',
  ]);
  return ['', ...withHeads(textTable(['filter', 'FHIR search', 'index'], rows, [28, 48, 20]))];
}

function lossLines(loaded: LoadedShape): string[] {
  const { unseen, partly, changed } = findLosses(loaded);
  const rows = (list: { what: string; how: string }[]): string[][] => list.map(({ what, how }) => [what, how]);
  return [
    ...(unseen.length
      ? [
          '',
          bold(`Not shown of ${withArticle(loaded.shape.resource)}, and kept`),
          ...broken(unseen.join(', '), 96).map((line) => `  ${line}`),
        ]
      : []),
    ...(partly.length
      ? [
          '',
          bold('Shown in part; the rest is kept'),
          ...textTable(['element', 'what is shown'], rows(partly), [26, 72]).slice(1).map(indented),
        ]
      : []),
    ...(changed.length
      ? ['', bold('Not held as it is sent'), ...textTable(['field', 'how'], rows(changed), [26, 70]).slice(1).map(indented)]
      : []),
  ];
}

const indented = (line: string): string => `  ${line}`;
