// Concurrent transactions of many clients on two server processes: their histories contain no lost update, no partial transaction and no false response. `node
// scripts/check-histories.ts` does the same for longer. https://hl7.org/fhir/R4/http.html#transaction
import { type Attempt, anomaliesOf, type Histories } from '../../scripts/histories/checker.ts';
import { write } from '../../scripts/histories/workload.ts';
import { randomFrom } from '../../scripts/orders/random.ts';
import { onServer } from '../store/open.ts';
import { killAll, migratedPlace, type Place, startProcess } from './server-process.ts';

describe('the checker', () => {
  const histories: Histories = { a: [[], ['x'], ['x', 'y']], b: [[], ['y'], ['y', 'z']] };
  const done = (value: string, versions: Record<string, number>, seen = {}): Attempt => ({
    value,
    lists: Object.keys(versions),
    outcome: 'done',
    versions,
    seen,
  });
  const good = [done('x', { a: 2 }), done('y', { a: 3, b: 2 }, { a: ['x', 'y'] }), done('z', { b: 3 })];
  const refusedAttempt = (value: string, lists: string[]): Attempt => ({ value, lists, outcome: 'refused', versions: {}, seen: {} });

  test('accepts a correct history', () => {
    expect(anomaliesOf(histories, [...good, refusedAttempt('w', ['a', 'b'])])).toEqual([]);
  });

  test.each<[string, Histories, Attempt[]]>([
    ['lost update', { ...histories, a: [[], ['x'], ['y']] }, []],
    ['half a transaction', { ...histories, b: [[]] }, [good[1]!]],
    ['false refusal', histories, [refusedAttempt('x', ['a'])]],
    ['false success', histories, [done('x', { a: 3 })]],
    ['false success', histories, [done('w', { a: 4 })]],
    ['a read inside', histories, [done('y', { a: 3, b: 2 }, { a: ['x'] })]],
    ['no order explains', { a: [[], ['x'], ['x', 'y']], b: [[], ['y'], ['y', 'x']] }, []],
  ])('reports: %s', (invalid, histories, attempts) => {
    expect(anomaliesOf(histories, attempts)).toContainEqual(expect.stringContaining(invalid));
  });
});

describe('two servers', () => {
  let place: Place;
  beforeAll(async () => {
    place = await migratedPlace();
  });
  afterAll(async () => {
    await killAll();
    await place.remove();
  });

  onServer('keep the histories of 32 clients right', async () => {
    const servers = await Promise.all([startProcess(place.env), startProcess(place.env)]);
    const bases = servers.map(({ url }) => `${url}/fhir/R4`);
    const { attempts, histories, statuses } = await write(
      { bases, key: place.keys().demo.fhir!, clients: 32, lists: 6, each: 6, random: randomFrom(20_261_122) },
      'lists',
    );
    expect(anomaliesOf(histories, attempts)).toEqual([]);
    expect(Object.keys(statuses).filter((status) => !['200', '409', '412'].includes(status))).toEqual([]);
    expect(statuses[200]).toBeGreaterThan(32);
  });
});
