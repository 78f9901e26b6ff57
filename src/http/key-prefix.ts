// How the keys of a surface begin: those for development as surface.yaml says (`pk_test_`), those that an operator makes with `live` in place of `test`.

/** What keys begin with that an operator makes. */
export const livePrefix = (prefix: string): string => prefix.replace('_test_', '_live_');

/** Whether a key looks like one of a surface. */
export const isLike = (key: string, prefix: string): boolean =>
  prefix !== '' && [prefix, livePrefix(prefix)].some((beginning) => key.startsWith(beginning));
