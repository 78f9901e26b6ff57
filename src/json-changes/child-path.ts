// The paths of elements in a JSON value.

/** The path of a member of an object (`name.family`), or of an item of a list (`name[0]`). */
export const toChildPath = (path: string, key: string | number): string =>
  typeof key === 'number' ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`;
