// `_filter` as a filter over resources: tests of one kind of joiner, `not ( … )` around one test. https://hl7.org/fhir/R4/search_filter.html
import { type Held, meets } from './brute.ts';

/** The name and value of the search with the same meaning as `code op value`. */
const SEARCHES: Record<string, (code: string, value: string) => [string, string]> = {
  pr: (code, value) => [`${code}:missing`, value === 'true' ? 'false' : 'true'],
  co: (code, value) => [`${code}:contains`, value],
  sw: (code, value) => [code, value],
  re: (code, value) => [code, value],
  is: (code, value) => [code, value],
};
const PREFIXED = new Set(['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap']);

/** `is`: `eq` of a kind without prefixes, which is written `eq`. */
export interface FilterTest {
  code: string;
  op: string;
  value: string;
  negated: boolean;
}

export interface FilterQuestion {
  joiner: 'and' | 'or';
  tests: FilterTest[];
}

export const writtenFilter = ({ joiner, tests }: FilterQuestion): string =>
  tests
    .map(({ code, op, value, negated }) => {
      const test = `${code} ${op === 'is' ? 'eq' : op} ${op === 'pr' ? value : JSON.stringify(value)}`;
      return negated ? `not (${test})` : test;
    })
    .join(` ${joiner} `);

export const meetsFilter = (resource: Held, { joiner, tests }: FilterQuestion, all: readonly Held[]): boolean =>
  joiner === 'and' ? tests.every((test) => meetsTest(resource, test, all)) : tests.some((test) => meetsTest(resource, test, all));

function meetsTest(resource: Held, { code, op, value, negated }: FilterTest, all: readonly Held[]): boolean {
  const [name, text] = PREFIXED.has(op) ? [code, `${op}${value}`] : SEARCHES[op]!(code, value);
  return meets(resource, name, text, all) !== negated;
}
