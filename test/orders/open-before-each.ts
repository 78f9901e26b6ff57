// Opens one store for a test file, and a fixture for each of its tests.
import { openTestStore, type TestStore } from '../store/open.ts';

/** `open` creates a fixture, which is closed after its test. `onOpened` receives the fixture and the store. */
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
