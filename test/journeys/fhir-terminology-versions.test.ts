// Versions of code systems in the terminology operations. https://hl7.org/fhir/R4/valueset.html#versions
import { type Running, startFacet } from './running-server.ts';

let facet: Running;
const [SYSTEM, PINNED, EITHER, NEWEST] = ['http://v.test/s', 'http://v.test/pinned', 'http://v.test/either', 'http://v.test/newest'];
const codeSystem = (version: string, concept: object[]) => ({
  resourceType: 'CodeSystem',
  url: SYSTEM,
  version,
  status: 'active',
  content: 'complete',
  concept,
});
const valueSet = (url: string, include: object[]) => ({ resourceType: 'ValueSet', url, status: 'active', compose: { include } });
const group = (sourceVersion: string, code: string) => ({
  source: SYSTEM,
  sourceVersion,
  target: 'http://v.test/t',
  targetVersion: `t${sourceVersion}`,
  element: [{ code: 'a', target: [{ code, equivalence: 'equal' }] }],
});
beforeAll(async () => {
  facet = await startFacet();
  for (const resource of [
    codeSystem('1', [
      { code: 'a', display: 'First' },
      { code: 'old', display: 'Old' },
    ]),
    codeSystem('2', [{ code: 'a', display: 'Second' }]),
    valueSet(PINNED, [{ system: SYSTEM, version: '1' }]),
    valueSet(EITHER, [
      { system: SYSTEM, version: '2' },
      { system: SYSTEM, version: '1', concept: [{ code: 'old' }] },
    ]),
    valueSet(NEWEST, [{ system: SYSTEM }]),
    valueSet('http://v.test/of-pinned', [{ system: SYSTEM, valueSet: [PINNED] }]),
    valueSet('http://v.test/listed', [{ system: 'http://v.test/not-loaded', concept: [{ code: 'x' }] }]),
    valueSet('http://v.test/absent', [{ system: SYSTEM, version: '3', concept: [{ code: 'a' }] }]),
    { resourceType: 'ConceptMap', url: 'http://v.test/map', status: 'active', group: [group('1', 'one'), group('2', 'two')] },
  ])
    await facet.fhir('post', `/${resource.resourceType}`).send(resource).expect(201);
});
afterAll(() => facet.close());

async function get(path: string): Promise<ReturnType<typeof JSON.parse>> {
  return (await facet.fhir('get', path)).body;
}
const expand = async (url: string) =>
  (await get(`/ValueSet/$expand?url=${url}`)).expansion.contains.map((one: { version?: string; code: string; display?: string }) => [
    one.version,
    one.code,
    one.display,
  ]);
const judge = async (path: string) => {
  const { parameter, issue } = await get(path);
  return issue ? [issue[0].code, issue[0].details.text] : [parameter[0].valueBoolean, parameter.at(-1).valueString];
};

test('$expand takes codes, displays and versions from the version of the code system that the value set names', async () => {
  expect(await expand(PINNED)).toEqual([
    ['1', 'a', 'First'],
    ['1', 'old', 'Old'],
  ]);
  expect(await expand(NEWEST)).toEqual([['2', 'a', 'Second']]);
  expect(await expand(EITHER)).toEqual([
    ['2', 'a', 'Second'],
    ['1', 'old', 'Old'],
  ]);
  expect(await expand('http://v.test/of-pinned')).toEqual([['1', 'a', 'First']]);
  // version 3 is not loaded: its display is not known
  expect(await expand('http://v.test/absent')).toEqual([['3', 'a', undefined]]);
});

test('$validate-code of a value set compares the version of the code with that of the value set', async () => {
  const ask = (url: string, more: string) => judge(`/ValueSet/$validate-code?url=${url}&system=${SYSTEM}&code=a${more}`);
  expect(await ask(NEWEST, '&systemVersion=2')).toEqual([true, 'Second']);
  expect(await ask(PINNED, '&systemVersion=1&display=first')).toEqual([true, 'First']);
  expect(await ask(PINNED, '')).toEqual([true, 'First']);
  const refusal = (used: string) => [
    'not-supported',
    `codes of ${SYSTEM} are checked by its version ${used} here, not by 99: leave out the version`,
  ];
  expect(await ask(NEWEST, '&systemVersion=99')).toEqual(refusal('2'));
  expect(await ask(PINNED, '&systemVersion=99')).toEqual(refusal('1'));
  const coding = { name: 'coding', valueCoding: { system: SYSTEM, code: 'a', version: '99' } };
  const sent = await facet
    .fhir('post', '/ValueSet/$validate-code')
    .send({ resourceType: 'Parameters', parameter: [{ name: 'url', valueUri: NEWEST }, coding] });
  expect([sent.status, sent.body.issue[0].code]).toEqual([400, 'not-supported']);
});

test('a code that a value set lists without a version is in it in every version, if none is loaded', async () => {
  const path = '/ValueSet/$validate-code?url=http://v.test/listed&system=http://v.test/not-loaded&code=x&systemVersion=7';
  expect((await judge(path))[0]).toBe(true);
});

test('$validate-code of a code system compares the version of a coding', async () => {
  const ask = async (version: string) => {
    const coding = { name: 'coding', valueCoding: { system: SYSTEM, code: 'a', version } };
    const parameter = [{ name: 'url', valueUri: SYSTEM }, coding];
    const { body } = await facet.fhir('post', '/CodeSystem/$validate-code').send({ resourceType: 'Parameters', parameter });
    return body.issue?.[0].code ?? body.parameter[0].valueBoolean;
  };
  expect([await ask('2'), await ask('99')]).toEqual([true, 'not-supported']);
});

test('$translate uses the groups of the version of the code, in both directions', async () => {
  const ask = async (query: string) =>
    (await get(`/ConceptMap/$translate?url=http://v.test/map&${query}`)).parameter
      .filter(({ name }: { name: string }) => name === 'match')
      .map(({ part }: { part: { name: string; valueCoding?: object }[] }) => part.find(({ name }) => name === 'concept')?.valueCoding);
  const [one, two] = [
    { system: 'http://v.test/t', version: 't1', code: 'one' },
    { system: 'http://v.test/t', version: 't2', code: 'two' },
  ];
  expect(await ask(`system=${SYSTEM}&code=a`)).toEqual([one, two]);
  expect(await ask(`system=${SYSTEM}&code=a&version=2`)).toEqual([two]);
  expect(await ask(`system=${SYSTEM}&code=a&version=99`)).toEqual([]);
  expect(await ask('system=http://v.test/t&code=one&version=t2&reverse=true')).toEqual([]);
  expect(await ask('system=http://v.test/t&code=one&version=t1&reverse=true')).toEqual([{ system: SYSTEM, version: '1', code: 'a' }]);
});
