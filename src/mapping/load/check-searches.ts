// Checks at start that the server supports every search of a mapping, with sample values.

import type { Condition } from '../../fhir/search/query.ts';
import type { SearchRegistry } from '../../fhir/search/registry.ts';
import { parseSearch, parseSearchUrl } from '../../fhir/search/request.ts';
import { explainUnknownCode } from '../../fhir/terminology/explain-code.ts';
import { type Report, toMessage } from '../diagnostics.ts';
import type { Lens } from '../lens/lens.ts';
import { listSearches, toValueSpec } from '../query/parameter-rules.ts';
import { toSampleValue } from '../query/search-parameters.ts';
import { buildSampleValues, buildSearchText, listPlaceholders } from '../query/search-text.ts';
import { type MappingSpec, type SearchSpec, toJoinSearch } from '../spec.ts';

export function checkSearches(lens: Lens, mapping: MappingSpec, { registry, fault }: { registry: SearchRegistry; fault: Report }): void {
  const { aliases } = lens.names.scope;
  const samples = (template: string, sample: string): Record<string, string> => {
    const days = listPlaceholders(template).filter((name) => mapping.fields[name]?.format === 'date');
    return { ...buildSampleValues(template, sample), ...Object.fromEntries(days.map((name) => [name, '2000-01-01'])) };
  };
  for (const { keys, template, sample = 'x', id } of listSearchTemplates(mapping)) {
    try {
      const { type, parameters } = parseSearchUrl(buildSearchText(template, aliases, samples(template, sample)));
      const { query } = parseSearch(type, parameters, { registry, baseUrl: '', handling: 'strict' });
      if (query.where.some(isUnindexed)) throw new Error(UNINDEXED_CONTAINS);
      const problem = checkSearchCodes(template, registry)[0] ?? checkIdTypes(template, id, registry)[0];
      if (problem !== undefined) throw new Error(problem);
    } catch (error) {
      fault(keys, new Error(`${template}: ${toMessage(error)}`));
    }
  }
}

/** Finds codes in a search that R4 does not have for that element: the search could never match. */
function checkSearchCodes(template: string, registry: SearchRegistry): string[] {
  const [type = '', parameters = ''] = template.split('?');
  return parameters.split('&').flatMap((part) => {
    const [, name = '', values = ''] = /^([\w-]+)(?::not)?=([\w,-]+)$/.exec(part) ?? [];
    const systems = registry.lookup(type, name)?.systems ?? [];
    return values.split(',').flatMap((code) => explainUnknownCode(code, systems) ?? []);
  });
}

/** Finds ids of types that the parameter cannot refer to: the search could never match. */
function checkIdTypes(template: string, id: string[] | undefined, registry: SearchRegistry): string[] {
  const [type = '', parameters = ''] = template.split('?');
  return (id === undefined ? [] : parameters.split('&')).flatMap((part) => {
    const [, name = '', written] = /^([\w-]+)=(?:([A-Z]\w+)\/)?\{\}$/.exec(part) ?? [];
    const parameter = registry.lookup(type, name);
    const idNames =
      written !== undefined ? [written] : name === '_id' ? [type] : parameter?.type === 'reference' ? parameter.targets : undefined;
    const unknownId = idNames && id!.find((searchId) => !idNames.includes(searchId));
    return unknownId === undefined ? [] : [`${name} has no id of a ${unknownId} in it: write id: ${idNames!.join(', ')}`];
  });
}

const UNINDEXED_CONTAINS =
  'no index serves :contains on this parameter: leave it out to search by the beginning, or define a SearchParameter with modifier: [contains] in fhir-profiles/';

/** Whether the condition is a `:contains` search without a substring index: it would scan the table. */
function isUnindexed(condition: Condition): boolean {
  if (condition.on === 'string') return condition.any.some((test) => 'contains' in test && !test.infix);
  return listInnerConditions(condition).some(isUnindexed);
}

/** The conditions inside a condition. */
function listInnerConditions(condition: Condition): Condition[] {
  if (condition.on === 'not') return [condition.condition];
  if (condition.on === 'or') return condition.any;
  if (condition.on === 'and') return condition.all;
  return condition.on === 'chain' || condition.on === 'has' ? condition.where : [];
}

interface SearchTemplate {
  keys: string[];
  template: string;
  /** A sample value for `{}`. */
  sample?: string;
  /** The types of the ids in `{}`. */
  id?: string[];
}

/** All searches of a mapping, each as `Type?parameters`. */
function listSearchTemplates({
  resource,
  search = {},
  sort,
  only,
  with: joined = {},
  into,
  row,
  unique,
  fields,
}: MappingSpec): SearchTemplate[] {
  const own = (keys: string[], parameters: string | undefined, sample = 'x'): SearchTemplate[] =>
    parameters === undefined ? [] : [{ keys, template: `${resource}?${parameters}`, sample }];
  const filter = (name: string, spec: SearchSpec): SearchTemplate[] => {
    const id = toValueSpec(spec)?.id?.split(/, */);
    return listSearches(spec).flatMap((text) =>
      own(['search', name], text, toSampleValue(spec)).map((searchTemplate) => ({ ...searchTemplate, ...(id && { id }) })),
    );
  };
  return [
    ...Object.entries(search).flatMap(([name, spec]) => filter(name, spec)),
    ...own(['only'], only, '2000-01-01T00:00:00Z'),
    ...own(['sort'], sort && `_sort=${sort}`),
    ...own(['into'], into),
    ...own(['row', 'find'], row?.find),
    ...Object.entries(joined).map(([name, spec]) => ({ keys: ['with', name], template: toJoinSearch(spec) })),
    ...(unique?.any ?? []).flatMap((rule, index) => own(['unique', 'any', String(index), 'search'], rule.search)),
    ...Object.entries(fields).flatMap(([name, { link }]) => (link ? [{ keys: ['fields', name, 'link'], template: link.search }] : [])),
  ];
}
