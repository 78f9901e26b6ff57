// Every search a mapping can ask for is one this server answers: checked at start, with sample values in it.

import { queryString } from '../../fhir/query-string.ts';
import type { Registry } from '../../fhir/search/parameters.ts';
import type { Condition } from '../../fhir/search/query.ts';
import { parseSearch } from '../../fhir/search/request.ts';
import type { Lens } from '../lens/lens.ts';
import { sampleOf } from '../query.ts';
import { searchText, valuesIn } from '../search-text.ts';
import type { MappingSpec, SearchSpec } from '../spec.ts';
import type { Fault } from './check-lens.ts';

export function checkSearches(lens: Lens, mapping: MappingSpec, { registry, fault }: { registry: Registry; fault: Fault }): void {
  const { aliases } = lens.names.scope;
  const samples = (template: string, sample: string): Record<string, string> =>
    Object.fromEntries(valuesIn(template).map((name) => [name, mapping.fields[name]?.format === 'date' ? '2000-01-01' : sample]));
  for (const { keys, template, sample = 'x' } of searchesOf(mapping)) {
    try {
      const { type, parameters } = queryString(searchText(template, aliases, samples(template, sample)));
      const { query } = parseSearch(type, parameters, { registry, baseUrl: '', handling: 'strict' });
      if (query.where.some(isUnserved)) throw new Error(UNSERVED);
    } catch (error) {
      fault(keys, new Error(`${template}: ${(error as Error).message}`));
    }
  }
}

const UNSERVED =
  'no index serves :contains on this parameter: leave it out to search by the beginning, or define a SearchParameter with modifier: [contains] in fhir-profiles/';

/** A search for a part of a text that no substring index serves: it would look at every row. */
function isUnserved(condition: Condition): boolean {
  if (condition.on === 'string') return condition.any.some((one) => 'contains' in one && !one.infix);
  return within(condition).some(isUnserved);
}

/** The conditions a condition is made of. */
function within(condition: Condition): Condition[] {
  if (condition.on === 'not') return [condition.condition];
  if (condition.on === 'or') return condition.any;
  if (condition.on === 'and') return condition.all;
  return condition.on === 'chain' || condition.on === 'has' ? condition.where : [];
}

interface Written {
  keys: string[];
  template: string;
  /** A value that `{}` could have. */
  sample?: string;
}

/** All searches of a mapping, each as `Type?parameters`. */
function searchesOf({ resource, search = {}, sort, with: joined = {}, into, row, unique, fields }: MappingSpec): Written[] {
  const own = (keys: string[], parameters: string | undefined, sample = 'x'): Written[] =>
    parameters === undefined ? [] : [{ keys, template: `${resource}?${parameters}`, sample }];
  return [
    ...Object.entries(search).flatMap(([name, spec]) => textsOf(spec).flatMap((text) => own(['search', name], text, sampleOf(spec)))),
    ...own(['sort'], sort && `_sort=${sort}`),
    ...own(['into'], into),
    ...own(['row', 'find'], row?.find),
    ...Object.entries(joined).map(([name, spec]) => ({ keys: ['with', name], template: spec.search })),
    ...(unique?.any ?? []).flatMap((way, nth) => own(['unique', 'any', String(nth), 'search'], way.search)),
    ...Object.entries(fields).flatMap(([name, { link }]) => (link ? [{ keys: ['fields', name, 'link'], template: link.search }] : [])),
  ];
}

function textsOf(spec: SearchSpec): string[] {
  if (typeof spec === 'string') return [spec];
  if ('words' in spec) return Object.values(spec.words).filter(Boolean);
  return ['each' in spec ? spec.each : spec.fhir];
}
