// Checks at start of lists: filters, paging, names in the path, and that items excluded by `except:` are in no list.

import { formatKnownNames } from '../../fhir/closest-name.ts';
import { TOKEN_VALUES } from '../../fhir/indexing/token-values.ts';
import { readTypedValue } from '../../fhir/indexing/typed-value.ts';
import type { SearchRegistry } from '../../fhir/search/registry.ts';
import type { Report } from '../diagnostics.ts';
import type { Lens } from '../lens/lens.ts';
import { findBoundParameters } from '../lens/name-scope.ts';
import { listSearches, toValueSpec } from '../query/parameter-rules.ts';
import { listPathParameters } from '../routes.ts';
import type { MappingSpec, SearchSpec, SurfaceSpec } from '../spec.ts';

export function checkLists(
  { leaves, names }: Lens,
  mapping: MappingSpec,
  { page, fault }: { page: SurfaceSpec['page']; fault: Report },
): void {
  const { interactions, search = {}, take, most, envelope = {} } = mapping;
  for (const problem of checkPathParameters(mapping)) fault(['path'], new Error(problem));
  for (const [name, spec] of Object.entries(search)) {
    for (const [word, text] of checkParameter(spec, search)) fault(['search', name, word], new Error(text));
    for (const text of [findMissingPlaceholder(spec), take === undefined && findPagingConflict(name, page)])
      if (text) fault(['search', name], new Error(text));
  }
  const bound = findBoundParameters(mapping, names.scope.aliases);
  for (const { keyPath, paths, spec } of leaves) {
    const boundName = bound.find((name) => paths.some(({ text }) => new RegExp(`%${name}\\b`).test(text)));
    if (boundName !== undefined && !spec.readOnly)
      fault(
        keyPath.flatMap((name) => ['fields', name]),
        new Error(`it shows a parameter of the list (%${boundName}): it must be readOnly`),
      );
  }
  const listing = interactions.includes('search');
  if (take && !listing) fault(['take'], new Error('no list is offered: add search to interactions, or leave take out'));
  if (most !== undefined && take !== 'all') fault(['most'], new Error('it limits take: all: write take: all, or remove most'));
  if (envelope.list !== undefined && !listing && !mapping.many)
    fault(['envelope', 'list'], new Error('no list is offered: add search to interactions, or leave list out'));
}

/** Checks that names in a path are filters of the list and fields of a create. */
function checkPathParameters({ path, interactions, search = {}, fields }: MappingSpec): string[] {
  const names = listPathParameters(path).filter((name) => name !== 'id');
  const others = interactions.filter((interaction) => interaction !== 'create' && interaction !== 'search');
  const known = (table: object, kind: string) => (name: string) =>
    name in table ? [] : [`the path names it, and there is no ${kind} ${name}${formatKnownNames(name, Object.keys(table))}`];
  return [
    ...(names.length && others.length
      ? [`items below another ({${names[0]}}) can be created and listed, but not read or changed by an id: leave ${others.join(', ')} out`]
      : []),
    ...(interactions.includes('search') ? names.flatMap(known(search, 'search parameter')) : []),
    ...(interactions.includes('create') ? names.flatMap(known(fields, 'field')) : []),
    ...names
      .filter((name) => fields[name]?.readOnly && interactions.includes('create'))
      .map((name) => `the field ${name} is readOnly: a path cannot set it`),
  ];
}

/** Finds the errors of a search parameter, by keyword. */
function checkParameter(spec: SearchSpec, search: Record<string, SearchSpec>): [word: string, text: string][] {
  const { missing, id, span, as } = toValueSpec(spec) ?? {};
  const from = span && search[span.from];
  return [
    ...toProblem(missing && id === undefined, 'missing', 'it needs an id: write the type of the id (id: Patient)'),
    ...toProblem(
      span && !from,
      'span',
      `there is no search parameter ${span?.from}${formatKnownNames(span?.from ?? '', Object.keys(search))}`,
    ),
    ...toProblem(
      span && from && !(isDay(as) && isDay(toValueSpec(from)?.as)),
      'span',
      'it compares two days: both need as: date(YYYY-MM-DD)',
    ),
  ];
}

/** Finds the error of a filter that does not use its value. */
function findMissingPlaceholder(spec: SearchSpec): string | undefined {
  if (typeof spec === 'object' && 'words' in spec) return undefined;
  const text = listSearches(spec).find((search) => !search.includes('{}'));
  return text && `${text}: the search does not use the value: write {} for it (${text.replace(/=.*$/, '={}')}), or words: for a table`;
}

/** Finds the error of a filter with the name of a paging parameter: no request could use it. */
function findPagingConflict(name: string, page: SurfaceSpec['page']): string | undefined {
  const word = (['size', 'offset', 'number', 'cursor'] as const).find((keyword) => page[keyword] === name);
  return word && `${name} is a parameter of paging (page.${word} of surface.yaml): write another name, there or here`;
}

const isDay = (as: string | undefined): boolean => as?.startsWith('date') === true;

const toProblem = (when: unknown, word: string, text: string): [string, string][] => (when ? [[word, text]] : []);

export function checkExcept(
  lens: Lens,
  { resource, except = {}, only = '', interactions }: MappingSpec,
  { registry, fault }: { registry: SearchRegistry; fault: Report },
): void {
  if (!interactions.includes('search')) return;
  for (const [name, word] of Object.entries(except)) {
    const sample = lens.write({ [name]: word }, { resourceType: resource }, { alias: () => '' }, { server: true });
    const codesBy = (code: string): string[] =>
      (registry.lookup(resource, code)?.evaluate(sample) ?? []).flatMap((value) =>
        (readTypedValue(TOKEN_VALUES, value) ?? []).flatMap((token) => token.code ?? []),
      );
    if (only.split('&').some((part) => excludesCodes(part, codesBy))) continue;
    const matchingParameter = registry.list(resource).find(({ code, type }) => type === 'token' && codesBy(code).length > 0)?.code ?? name;
    const advice = `leave it out by only:, as in ${matchingParameter}:not=${codesBy(matchingParameter)[0] ?? word}, or in ${matchingParameter}= with all that is listed`;
    fault(['except'], new Error(`lists show what is ${word}: ${advice}`));
  }
}

/** Whether a condition of a search excludes resources with these codes. */
function excludesCodes(part: string, codesBy: (code: string) => string[]): boolean {
  const [, code = '', not, values = ''] = /^([\w-]+)(:not)?=(.*)$/.exec(part) ?? [];
  const codes = codesBy(code);
  const isNamed = values.split(',').some((value) => codes.includes(value.replace(/^.*\|/, '')));
  return not ? isNamed : codes.length > 0 && !isNamed;
}
