// What a mapping says of its lists, and what its path names beside an item: checked at start.
import { amongThese } from '../../fhir/closest-name.ts';
import type { Lens } from '../lens/lens.ts';
import { boundIn } from '../lens/names.ts';
import { searchesIn, valueSpecOf } from '../parameter-rules.ts';
import { namesIn } from '../routes.ts';
import type { MappingSpec, SearchSpec, SurfaceSpec } from '../spec.ts';
import type { Fault } from './check-lens.ts';

export function checkLists(
  { leaves, names }: Lens,
  mapping: MappingSpec,
  { page, fault }: { page: SurfaceSpec['page']; fault: Fault },
): void {
  const { interactions, search = {}, take, most, envelope = {} } = mapping;
  for (const problem of pathProblems(mapping)) fault(['path'], new Error(problem));
  for (const [name, spec] of Object.entries(search)) {
    for (const [word, text] of parameterProblems(spec, search)) fault(['search', name, word], new Error(text));
    for (const text of [valueless(spec), take === undefined && pagingProblem(name, page)])
      if (text) fault(['search', name], new Error(text));
  }
  const bound = boundIn(mapping, names.scope.aliases);
  for (const { at, paths, spec } of leaves) {
    const asked = bound.find((name) => paths.some(({ text }) => new RegExp(`%${name}\\b`).test(text)));
    if (asked !== undefined && !spec.readOnly)
      fault(
        at.flatMap((name) => ['fields', name]),
        new Error(`it shows what a list is asked for (%${asked}): it must be readOnly`),
      );
  }
  const listing = interactions.includes('search');
  if (take && !listing) fault(['take'], new Error('no list is offered: add search to interactions, or leave take out'));
  if (most !== undefined && take !== 'all')
    fault(['most'], new Error('it is how many all of them may be: write take: all, or leave it out'));
  if (envelope.list !== undefined && !listing && !mapping.many)
    fault(['envelope', 'list'], new Error('no list is offered: add search to interactions, or leave list out'));
}

/** Names in a path are parameters of a list and fields of what is made. */
function pathProblems({ path, interactions, search = {}, fields }: MappingSpec): string[] {
  const names = namesIn(path).filter((name) => name !== 'id');
  const others = interactions.filter((one) => one !== 'create' && one !== 'search');
  const known = (table: object, kind: string) => (name: string) =>
    name in table ? [] : [`the path names it, and there is no ${kind} ${name}${amongThese(name, Object.keys(table))}`];
  return [
    ...(names.length && others.length
      ? [`items below another ({${names[0]}}) are made and listed, not read or changed by an id: leave ${others.join(', ')} out`]
      : []),
    ...(interactions.includes('search') ? names.flatMap(known(search, 'search parameter')) : []),
    ...(interactions.includes('create') ? names.flatMap(known(fields, 'field')) : []),
    ...names
      .filter((name) => fields[name]?.readOnly && interactions.includes('create'))
      .map((name) => `the field ${name} is readOnly: no path can say it`),
  ];
}

/** Word → what is wrong with it. */
function parameterProblems(spec: SearchSpec, search: Record<string, SearchSpec>): [word: string, text: string][] {
  const { missing, id, span, as } = valueSpecOf(spec) ?? {};
  const from = span && search[span.from];
  return [
    ...told(missing && id === undefined, 'missing', 'it is said of an id: say of which type (id: Patient)'),
    ...told(span && !from, 'span', `there is no search parameter ${span?.from}${amongThese(span?.from ?? '', Object.keys(search))}`),
    ...told(span && from && !(isDay(as) && isDay(valueSpecOf(from)?.as)), 'span', 'it is between two days: both need as: date(YYYY-MM-DD)'),
  ];
}

/** A filter that asks the same whatever it is asked with. */
function valueless(spec: SearchSpec): string | undefined {
  if (typeof spec === 'object' && 'words' in spec) return undefined;
  const text = searchesIn(spec).find((one) => !one.includes('{}'));
  return (
    text &&
    `${text}: the value that is asked for stands nowhere: write {} in its place (${text.replace(/=.*$/, '={}')}), or words: for a table`
  );
}

/** A filter with the name of a parameter of paging would never be asked. */
function pagingProblem(name: string, page: SurfaceSpec['page']): string | undefined {
  const word = (['size', 'offset', 'number', 'cursor'] as const).find((one) => page[one] === name);
  return word && `${name} is a parameter of paging (page.${word} of surface.yaml): write another name, there or here`;
}

const isDay = (as: string | undefined): boolean => as?.startsWith('date') === true;

const told = (when: unknown, word: string, text: string): [string, string][] => (when ? [[word, text]] : []);
