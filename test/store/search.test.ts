// Search, held against a brute-force filter: the same matches, in the same order, on pages that together are the whole, once.
import fc from 'fast-check';
import type { Query } from '../../src/fhir/query.ts';
import type { Page, Position } from '../../src/store/store.ts';
import { openTestStore, type TestStore } from './open.ts';
import { answer, createOf, inclusionsOf, query, type Thing, world } from './small-world.ts';

let test: TestStore;
let tenant = 0;
beforeAll(async () => {
  test = await openTestStore();
});
afterAll(() => test.close());

/** Puts the things into a tenant of their own. */
async function settle(things: Thing[]): Promise<number> {
  tenant += 1;
  for (const thing of things) await test.store.write(tenant, [createOf(thing)]);
  return tenant;
}

async function pagesOf(owner: number, asked: Query): Promise<Page[]> {
  const pages: Page[] = [];
  let after: Position | undefined;
  do {
    const page: Page = await test.store.search(owner, asked, after && { after });
    pages.push(page);
    after = page.next;
  } while (after && pages.length < 50);
  return pages;
}

const ids = (page: Page): string[] => page.rows.map((row) => row.id);

it('finds what a brute-force filter finds, in its order; the pages together are the whole, once', async () => {
  await fc.assert(
    fc.asyncProperty(world, fc.array(query, { minLength: 8, maxLength: 8 }), async (things, queries) => {
      const owner = await settle(things);
      for (const asked of queries) {
        const pages = await pagesOf(owner, asked);
        const expected = answer(things, asked);
        expect(pages.flatMap(ids)).toEqual(expected);
        expect(pages.map((page) => page.total)).toEqual(pages.map(() => expected.length));
        for (const page of pages)
          expect(page.included.map((row) => row.id).sort()).toEqual(inclusionsOf(things, ids(page), asked.include).sort());
      }
    }),
    { numRuns: 40 },
  );
});

it('starts at an offset as if the earlier pages had been read', async () => {
  await fc.assert(
    fc.asyncProperty(world, fc.array(fc.tuple(query, fc.nat(6)), { minLength: 8, maxLength: 8 }), async (things, starts) => {
      const owner = await settle(things);
      for (const [asked, offset] of starts) {
        const page = await test.store.search(owner, asked, { offset });
        const expected = answer(things, asked);
        expect(ids(page)).toEqual(expected.slice(offset, offset + asked.count));
        expect(page.total).toBe(expected.length);
      }
    }),
    { numRuns: 20 },
  );
});
