// A store for a test file, and on it a world of its own for each of the tests.
import { openTestStore, type TestStore } from '../store/open.ts';

/** `make`: a world on the store, closed after its test. `enter` is told of both before. */
export function openBeforeEach<W extends { close(): Promise<void> }>(
  open: (store: TestStore) => Promise<W>,
  onOpened: (world: W, store: TestStore) => void,
): void {
  let store: TestStore;
  let fixture: W;
  beforeAll(async () => {
    store = await openTestStore();
  });
  afterAll(() => store.close());
  beforeEach(async () => {
    fixture = await open(store);
    onOpened(fixture, store);
  });
  afterEach(() => fixture.close());
}
