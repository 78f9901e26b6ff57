// The cursors of vendors' lists: a cursor is valid for the list and the order for which it was created, and never causes a server error.
import { createPageTokens } from '../../src/interactions/page-token.ts';
import { buildListFacts, parsePaging } from '../../src/vendor-api/paging.ts';
import type { VendorRequest } from '../../src/vendor-api/vendor-request.ts';

const TENANT = 1;
const pageTokens = createPageTokens('secret');
const requestFor = ({ name = 'visit', clamp = false, tenant = TENANT } = {}): VendorRequest => {
  const page = { size: 'count', cursor: 'cursor', default: 20, max: 100, maxOffset: 0, clamp, total: false };
  // the assertion: paging uses only these members
  return { shape: { name, surface: { page } }, context: { caller: { tenant } }, pageTokens } as unknown as VendorRequest;
};
const QUERY = 'Encounter?status=planned&_sort=-date';
const AFTER = ['2026-01-01T00:00:00.000Z', '17'];
const open = (cursor: string, { query = QUERY, ...of }: { query?: string; name?: string; clamp?: boolean; tenant?: number } = {}) =>
  parsePaging(requestFor(of), query, { cursor }).start;
const created = buildListFacts(requestFor(), {
  query: QUERY,
  paging: parsePaging(requestFor(), QUERY, {}),
  page: { rows: [], next: AFTER },
  parameters: {},
}).cursor!;
const seal = (content: unknown) => pageTokens.seal(TENANT, content);

test('a cursor opens the list for which it was created, also with another filter', () => {
  expect([open(created), open(created, { query: 'Encounter?_sort=-date' })]).toEqual([{ after: AFTER }, { after: AFTER }]);
});

test.each([
  ['a text', 'abc', {}],
  ['a changed cursor', `${created.slice(0, -1)}${created.endsWith('A') ? 'B' : 'A'}`, {}],
  ['a cursor of another tenant', created, { tenant: 2 }],
  ['a cursor of another list', created, { name: 'order' }],
  ['a cursor of another order', created, { query: 'Encounter?_sort=status' }],
  ['a link of a FHIR search', seal({ path: '/Encounter', parameters: [], after: AFTER }), {}],
  ['a position without its list', seal(AFTER), {}],
  ['a position that is none', seal({ list: 'visit -date', after: [17, {}] }), {}],
])('%s is refused, or means the first page where the vendor documents this', (_title, cursor, of) => {
  expect(() => open(cursor, of)).toThrow(expect.objectContaining({ kind: 'parameter', message: expect.stringContaining('cursor') }));
  expect(open(cursor, { ...of, clamp: true })).toEqual({});
});
