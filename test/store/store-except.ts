import type { Store } from '../../src/store/store.ts';

/** The same store with these parts replaced. A spread would lose what is on the prototype. */
export const storeExcept = (store: Store, parts: Partial<Store>): Store =>
  Object.defineProperties(Object.create(store), Object.getOwnPropertyDescriptors(parts));
