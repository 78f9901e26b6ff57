// A store for a test file, and on it a world of its own for each of the tests.
import { openTestStore, type TestStore } from '../store/open.ts';

/** `make`: a world on the store, closed after its test. `enter` is told of both before. */
export function eachInAWorld<W extends { close(): Promise<void> }>(
  make: (store: TestStore) => Promise<W>,
  enter: (world: W, store: TestStore) => void,
): void {
  let store: TestStore;
  let world: W;
  beforeAll(async () => {
    store = await openTestStore();
  });
  afterAll(() => store.close());
  beforeEach(async () => {
    world = await make(store);
    enter(world, store);
  });
  afterEach(() => world.close());
}
