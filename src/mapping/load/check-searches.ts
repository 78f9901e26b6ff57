// Every search a mapping can ask for is one this server answers: checked at start, with sample values in it.

import { queryString } from '../../fhir/query-string.ts';
import type { Registry } from '../../fhir/search/parameters.ts';
import type { Condition } from '../../fhir/search/query.ts';
import { parseSearch } from '../../fhir/search/request.ts';
import { unknownCode } from '../../fhir/validation/required-codes.ts';
import { joinSearch } from '../join-search.ts';
import type { Lens } from '../lens/lens.ts';
import { searchesIn, valueSpecOf } from '../parameter-rules.ts';
import { sampleOf } from '../query.ts';
import { sampleValues, searchText, valuesIn } from '../search-text.ts';
import type { MappingSpec, SearchSpec } from '../spec.ts';
import type { Fault } from './check-lens.ts';

export function checkSearches(lens: Lens, mapping: MappingSpec, { registry, fault }: { registry: Registry; fault: Fault }): void {
  const { aliases } = lens.names.scope;
  const samples = (template: string, sample: string): Record<string, string> => {
    const days = valuesIn(template).filter((name) => mapping.fields[name]?.format === 'date');
    return { ...sampleValues(template, sample), ...Object.fromEntries(days.map((name) => [name, '2000-01-01'])) };
  };
  for (const { keys, template, sample = 'x', id } of searchesOf(mapping)) {
    try {
      const { type, parameters } = queryString(searchText(template, aliases, samples(template, sample)));
      const { query } = parseSearch(type, parameters, { registry, baseUrl: '', handling: 'strict' });
      if (query.where.some(isUnserved)) throw new Error(UNSERVED);
      const problem = unknownCodes(template, registry)[0] ?? idProblems(template, id, registry)[0];
      if (problem !== undefined) throw new Error(problem);
    } catch (error) {
      fault(keys, new Error(`${template}: ${(error as Error).message}`));
    }
  }
}

/** Codes of a search that R4 does not have where they are looked for: it would find nothing, ever. */
function unknownCodes(template: string, registry: Registry): string[] {
  const [type = '', parameters = ''] = template.split('?');
  return parameters.split('&').flatMap((part) => {
    const [, name = '', values = ''] = /^([\w-]+)(?::not)?=([\w,-]+)$/.exec(part) ?? [];
    const systems = registry.lookup(type, name)?.systems ?? [];
    return values.split(',').flatMap((code) => unknownCode(code, systems) ?? []);
  });
}

/** Ids of types that never stand where they are looked for: such a search finds nothing, ever. */
function idProblems(template: string, id: string[] | undefined, registry: Registry): string[] {
  const [type = '', parameters = ''] = template.split('?');
  return (id === undefined ? [] : parameters.split('&')).flatMap((part) => {
    const [, name = '', written] = /^([\w-]+)=(?:([A-Z]\w+)\/)?\{\}$/.exec(part) ?? [];
    const parameter = registry.lookup(type, name);
    const there =
      written !== undefined ? [written] : name === '_id' ? [type] : parameter?.type === 'reference' ? parameter.targets : undefined;
    const wrong = there && id!.find((one) => !there.includes(one));
    return wrong === undefined ? [] : [`${name} has no id of a ${wrong} in it: write id: ${there!.join(', ')}`];
  });
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
  /** The types whose ids `{}` stands for. */
  id?: string[];
}

/** All searches of a mapping, each as `Type?parameters`. */
function searchesOf({ resource, search = {}, sort, only, with: joined = {}, into, row, unique, fields }: MappingSpec): Written[] {
  const own = (keys: string[], parameters: string | undefined, sample = 'x'): Written[] =>
    parameters === undefined ? [] : [{ keys, template: `${resource}?${parameters}`, sample }];
  const filter = (name: string, spec: SearchSpec): Written[] => {
    const id = valueSpecOf(spec)?.id?.split(/, */);
    return searchesIn(spec).flatMap((text) => own(['search', name], text, sampleOf(spec)).map((one) => ({ ...one, ...(id && { id }) })));
  };
  return [
    ...Object.entries(search).flatMap(([name, spec]) => filter(name, spec)),
    ...own(['only'], only, '2000-01-01T00:00:00Z'),
    ...own(['sort'], sort && `_sort=${sort}`),
    ...own(['into'], into),
    ...own(['row', 'find'], row?.find),
    ...Object.entries(joined).map(([name, spec]) => ({ keys: ['with', name], template: joinSearch(spec) })),
    ...(unique?.any ?? []).flatMap((way, nth) => own(['unique', 'any', String(nth), 'search'], way.search)),
    ...Object.entries(fields).flatMap(([name, { link }]) => (link ? [{ keys: ['fields', name, 'link'], template: link.search }] : [])),
  ];
}
