// The choice among several names, contact points, addresses, identifiers or roles.
import { buildPreferenceComparator, findCurrentElements, isInPeriod } from '../../src/fhir/current-elements.ts';

const NOW = '2026-03-01T12:00:00.000Z';

test.each<[period: object | undefined, inForce: boolean]>([
  [undefined, true],
  [{}, true],
  [{ start: '2026-03-01T12:00:00Z' }, true],
  [{ start: '2026-03-01T12:00:01Z' }, false],
  [{ start: '2026-03-02' }, false],
  [{ start: '2026' }, true],
  [{ end: '2026-03-01' }, true],
  [{ end: '2026-02' }, false],
  [{ end: '2026' }, true],
  [{ end: '2026-02-28' }, false],
  [{ end: '2026-03-01T12:00:00+02:00' }, false],
  [{ end: '2026-03-01T11:59:59-01:00' }, true],
  [{ start: '2001', end: '2015-06-30' }, false],
  [{ end: 'unreadable' }, true],
])('the period %j, with inclusive bounds of their precision, includes now: %s', (period, inForce) => {
  expect(isInPeriod({ period }, NOW)).toBe(inForce);
});

test.each<[type: string, uses: (string | undefined)[]]>([
  ['HumanName', ['official', 'usual', undefined, 'nickname', 'temp', 'anonymous', 'maiden']],
  ['ContactPoint', ['mobile', 'home', undefined, 'work', 'temp']],
  ['Address', ['home', undefined, 'work', 'temp', 'billing']],
  ['Identifier', ['usual', 'official', undefined, 'secondary', 'temp']],
])('of several of type %s, without an order of its own: %j', (type, uses) => {
  const elements = uses.map((use) => ({ use }));
  expect(findCurrentElements([{ use: 'old' }, ...elements.toReversed()], type, NOW)).toEqual(elements);
});

test('the stated uses come first, and rank decides within a use', () => {
  const points = [{ use: 'mobile', rank: 1 }, { use: 'work' }, { use: 'work', rank: 2 }, { use: 'work', rank: 1 }, {}];
  expect(points.toSorted(buildPreferenceComparator('ContactPoint', { ContactPoint: ['work', 'none'] }))).toEqual([
    { use: 'work', rank: 1 },
    { use: 'work', rank: 2 },
    { use: 'work' },
    {},
    { use: 'mobile', rank: 1 },
  ]);
});

test('a postal-only address comes after addresses of any other use', () => {
  const postal = { use: 'home', type: 'postal' };
  expect(findCurrentElements([postal, { use: 'work' }, { use: 'work', type: 'both' }], 'Address', NOW).at(-1)).toBe(postal);
});

test('equal elements keep their order', () => {
  const [one, other] = [{ value: '1' }, { value: '2' }];
  expect(findCurrentElements([one, other], 'ContactPoint', NOW)).toEqual([one, other]);
});
