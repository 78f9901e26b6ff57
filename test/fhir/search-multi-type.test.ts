// Parsing of searches of several types: the parameters of the whole result. https://hl7.org/fhir/R4/search.html#include
import { parseMultiTypeSearch } from '../../src/fhir/search/multi-type.ts';
import { parseSearch, type SearchOptions } from '../../src/fhir/search/request.ts';
import { SERVED_TYPES } from '../../src/fhir/types.ts';
import { BASE_URL, REGISTRY } from './search-corpus.ts';

/** A registry that counts how often the parameters of a type are listed. */
function buildCountingOptions(handling: SearchOptions['handling'] = 'strict') {
  const counted = { lists: 0 };
  const list = (type: string) => {
    counted.lists++;
    return REGISTRY.list(type);
  };
  return { counted, options: { registry: { ...REGISTRY, list }, baseUrl: BASE_URL, handling } };
}

test.each(['_include', '_revinclude', '_include:iterate'])('%s=* over all types lists the parameters of each type once', (name) => {
  const [one, all] = [buildCountingOptions(), buildCountingOptions()];
  const { query: expected } = parseSearch('Patient', [[name, '*']], { ...one.options, types: SERVED_TYPES });
  const types = ['Patient', ...SERVED_TYPES.filter((type) => type !== 'Patient')] as const;
  const { query, self } = parseMultiTypeSearch(types, [[name, '*']], all.options);
  expect(query.include).toEqual(expected.include);
  expect(query.otherTypes).toHaveLength(SERVED_TYPES.length - 1);
  expect(self).toEqual([[name, '*']]);
  expect([one.counted.lists, all.counted.lists]).toEqual([SERVED_TYPES.length, SERVED_TYPES.length]);
});

test('an include that starts from no type of the search is refused, and ignored if the client allows it', () => {
  const parse = (handling: SearchOptions['handling']) =>
    parseMultiTypeSearch(['Patient', 'Observation'], [['_include', 'Task:focus']], buildCountingOptions(handling).options);
  expect(() => parse('strict')).toThrow('_include must start from a type of the search');
  expect(parse('lenient')).toMatchObject({ ignored: ['_include'], query: { include: [] } });
});

test('an include that is ignored does not take the others of its name with it', () => {
  const includes: [string, string][] = [
    ['_include', 'Task:focus'],
    ['_include', 'Observation:subject'],
  ];
  const { query, ignored } = parseMultiTypeSearch(['Patient', 'Observation'], includes, buildCountingOptions('lenient').options);
  expect(ignored).toEqual(['_include']);
  expect(query.include).toMatchObject([{ from: ['Observation'] }]);
});
