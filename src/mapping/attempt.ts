// Compiling goes on after a mistake, so that all of them are told at once: what cannot be made is left out.

/** What `make` makes; undefined when it fails, and `fault` is told why. */
export function attempt<T>(make: () => T, fault: (error: unknown) => void): T | undefined {
  try {
    return make();
  } catch (error) {
    fault(error);
    return undefined;
  }
}
