// G100. search by hostile or very long values: a correct result or a refusal in good time, and never a failure of the server.
import { type Answer, expectRefusal, idsOf, server, store } from './asking.ts';

const { ask, base, facet } = server();
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };
/** Far above what any of these takes, far below what a plan that has gone wrong takes. Milliseconds. */
const BOUND = 10_000;
const QUOTED = "Robert'); DROP TABLE sx;--";
const LIKE = '100%_x';

beforeAll(() =>
  store(
    ask,
    { resourceType: 'Patient', id: 'quoted', name: [{ family: QUOTED }], identifier: [{ system: 'urn:m', value: '500' }] },
    { resourceType: 'Patient', id: 'like', name: [{ family: LIKE }], identifier: [{ system: 'urn:m', value: LIKE }] },
    { resourceType: 'Patient', id: 'unlike', name: [{ family: '100 abx' }], identifier: [{ system: 'urn:m', value: '100abx' }] },
  ),
);

/** By POST, so that only the search itself sets bounds to what can be asked. */
async function search(name: string, value: string): Promise<Answer> {
  const begun = performance.now();
  const answer = await ask('POST', '/Patient/_search', { headers: FORM, body: new URLSearchParams([[name, value]]).toString() });
  expect(performance.now() - begun).toBeLessThan(BOUND);
  return answer;
}

const alive = async () => expect((await ask('GET', '/Patient?_id=quoted')).body.entry).toHaveLength(1);

test.each([
  ['a quote and a statement', 'family', QUOTED, ['quoted']],
  ['the same, exactly', 'family:exact', QUOTED, ['quoted']],
  ['% and _ are letters', 'family:exact', LIKE, ['like']],
  ['% and _ are letters in a token', 'identifier', LIKE, ['like']],
  ['% alone is no wildcard', 'family:exact', '%', []],
  ['_ alone is no wildcard', 'identifier', '______', []],
  ['a double quote', 'identifier', '"', []],
  ['a dollar sign and a number', 'identifier', '\\$1', []],
  ['an emoji', 'family', '🙂', []],
])('G100 is treated as a value: %s', async (_title, name, value, expected) => {
  const answer = await search(name, value);
  expect([answer.status, idsOf(answer)]).toEqual([200, expected]);
  await alive();
});

const KINDS = [
  ['Patient', 'family'],
  ['Patient', 'family:exact'],
  ['Patient', 'family:contains'],
  ['Patient', 'identifier'],
  ['Patient', 'birthdate'],
  ['Patient', 'general-practitioner'],
  ['Patient', '_id'],
  ['Patient', '_source'],
  ['Patient', '_source:below'],
  ['Patient', 'phonetic'],
  ['Patient', 'language:text'],
  ['Patient', 'organization.name'],
  ['Patient', '_has:Observation:patient:code'],
  ['Patient', '_sort'],
  ['Patient', '_count'],
  ['Patient', '_include'],
  ['Patient', '_elements'],
  ['Observation', 'value-quantity'],
  ['Observation', 'code-value-quantity'],
  ['Location', 'near'],
] as const;

test.each(KINDS)('G100 %s?%s with NUL, quotes, brackets, half a surrogate, 10 kB: answered or refused, never 500', async (type, name) => {
  const values = [
    '\0',
    'a\0b',
    "'",
    '"',
    '\\',
    '%',
    '[',
    '{"a":1}',
    '|',
    '||',
    '|||',
    ',',
    ',,',
    '$',
    '$$',
    '(',
    '*',
    '\ud800',
    '../..',
    `${'x'.repeat(10_240)}`,
  ];
  const begun = performance.now();
  const answers = await Promise.all(
    values.map((value) => ask('POST', `/${type}/_search`, { headers: FORM, body: `${encodeURIComponent(name)}=${escaped(value)}` })),
  );
  for (const [at, answer] of answers.entries()) {
    if (answer.status !== 200) expectRefusal(answer, 400);
    expect([values[at], answer.body.resourceType]).toEqual([values[at], answer.status === 200 ? 'Bundle' : 'OperationOutcome']);
  }
  expect(performance.now() - begun).toBeLessThan(BOUND);
  await alive();
});

/** Half a surrogate has no UTF-8: its bytes come as such. */
const escaped = (value: string): string => (value === '\ud800' ? '%ED%A0%80' : encodeURIComponent(value));

test.each([113, 1000, 5000])('G100 %i tokens joined by OR are found, in good time', async (count) => {
  const values = Array.from({ length: count }, (_one, nth) => `urn:m|${nth + 401}`);
  const answer = await search('identifier', values.join(','));
  expect([answer.status, idsOf(answer)]).toEqual([200, ['quoted']]);
});

test.each([
  ['family', 'robert'],
  ['_id', 'quoted'],
  ['birthdate', '1900-01-01'],
  ['general-practitioner', 'Practitioner/p'],
  ['organization.name', 'clinic'],
])('G100 a search of 1,000 values of %s joined by OR has a result, in good time', async (name, value) => {
  const values = Array.from({ length: 999 }, (_one, nth) => (name === 'birthdate' ? String(1000 + nth) : `${value}${nth}`));
  expect((await search(name, [...values, value].join(','))).status).toBe(200);
});

test('G100 too many parameters are refused before the query is planned', async () => {
  expectRefusal(await ask('GET', `/Patient?${Array.from({ length: 60 }, (_one, nth) => `family=a${nth}`).join('&')}`), 400);
});

test('G100 a too long URL is 414 or 431, and the server keeps running', async () => {
  const { status } = await fetch(`${base()}/Patient?family=${'x'.repeat(100_000)}`, { headers: { 'x-api-key': facet().demo.fhir! } });
  expect([414, 431]).toContain(status);
  await alive();
});

test.each(['%', '%zz', '%c3%28', '%00', '%ff'])(
  'G100 family=%s, a malformed escape or invalid UTF-8: a result or a refusal, never 500',
  async (value) => {
    const answer = await ask('GET', `/Patient?family=${value}`);
    expect([200, 400]).toContain(answer.status);
  },
);
