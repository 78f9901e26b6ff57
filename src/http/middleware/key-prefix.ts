// How the keys of a surface begin: those for development as surface.yaml says (`pk_test_`), those that an operator makes with `live` in place of `test`.

/** What keys begin with that an operator makes. */
export const toLivePrefix = (prefix: string): string => prefix.replace('_test_', '_live_');

/** What keys of a surface begin with; nothing where its keys begin with nothing of their own. */
export const listKeyPrefixes = (prefix: string): string[] => (prefix === '' ? [] : [...new Set([prefix, toLivePrefix(prefix)])]);
