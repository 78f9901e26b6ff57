// A $merge whose last step fails: the merge is stored by then, so the response says so. docs/decisions/0033-operations.md
import { pino } from 'pino';
import type { Database } from '../../src/store/database/database.ts';
import { type Running, startFacet } from './running-server.ts';

const lines: string[] = [];
/** The error of the second transaction of a request, which moves the references that were stored during the merge. */
let failure: Error | undefined;

const failing = (database: Database): Database => {
  let transactions = 0;
  return {
    ...database,
    forRequest: (...args) => failing(database.forRequest(...args)),
    transaction: (work) => {
      transactions++;
      return failure && transactions === 2 ? Promise.reject(failure) : database.transaction(work);
    },
  };
};

let facet: Running;
beforeAll(async () => {
  const log = pino({ level: 'error' }, { write: (line: string) => void lines.push(line) });
  facet = await startFacet({}, undefined, { over: failing, log });
});
afterAll(() => facet.close());

test.each<[string, Error, number]>([
  ['an unexpected error, which is logged without its message', new TypeError('Lovelace'), 1],
  ['a database that does not answer', Object.assign(new Error('Lovelace'), { code: 'ECONNREFUSED' }), 0],
])('after %s the merge is stored, and the response is 200 with a warning', async (what, error, logged) => {
  const [source, target] = [`s-${logged}`, `t-${logged}`];
  for (const id of [source, target]) await facet.put({ resourceType: 'Patient', id }).expect(201);
  const parameter = [
    { name: 'source-patient', valueReference: { reference: `Patient/${source}` } },
    { name: 'target-patient', valueReference: { reference: `Patient/${target}` } },
  ];
  lines.length = 0;
  failure = error;
  const { status, body } = await facet.fhir('post', '/Patient/$merge').send({ resourceType: 'Parameters', parameter });
  failure = undefined;
  const { issue } = body.parameter.find(({ name }: { name: string }) => name === 'outcome').resource;
  expect([status, issue.at(-1)]).toEqual([
    200,
    expect.objectContaining({ severity: 'warning', diagnostics: expect.stringContaining('repeat it to change them') }),
  ]);
  expect((await facet.fhir('get', `/Patient/${source}`)).body.link).toEqual([
    { other: { reference: `Patient/${target}` }, type: 'replaced-by' },
  ]);
  expect([what, lines.filter((line) => line.includes('TypeError')).length, lines.join().includes('Lovelace')]).toEqual([
    what,
    logged,
    false,
  ]);
});
