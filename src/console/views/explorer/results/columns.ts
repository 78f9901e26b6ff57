// The columns of a table of resources: paths of elements (`name`, `meta.lastUpdated`, `subject.reference`).

type Members = Record<string, unknown>;

/** What says nothing in a cell, or is shown already. */
const NO_COLUMNS = new Set(['resourceType', 'id', 'meta', 'text', 'contained', 'extension', 'modifierExtension', 'implicitRules']);

/** What is most worth a column, if resources have it. */
const PREFERRED =
  /^(?:status|name|title|code|class|subject|patient|gender|birthDate|value[A-Z]\w*|effective\w+|authoredOn|start|period|date|issued|intent|beneficiary|active|telecom)$/;

const DEFAULT_COUNT = 5;
const LAST_UPDATED = 'meta.lastUpdated';

/** The elements that the resources have, in the order of their first occurrence, and the time of the last change. */
export function listColumns(resources: readonly Members[]): string[] {
  const names = new Set(resources.flatMap((resource) => Object.keys(resource)));
  return [...[...names].filter((name) => !NO_COLUMNS.has(name) && !name.startsWith('_')), LAST_UPDATED];
}

/** The columns to begin with. */
export function chooseColumns(resources: readonly Members[]): string[] {
  const all = listColumns(resources).filter((name) => name !== LAST_UPDATED);
  const preferred = all.filter((name) => PREFERRED.test(name));
  const others = all.filter((name) => !PREFERRED.test(name));
  return [...[...preferred, ...others].slice(0, DEFAULT_COUNT), LAST_UPDATED];
}

/** The values of a path in a resource: lists on the way are followed into each member. */
export function readColumn(resource: Members, path: string): unknown {
  let values: unknown[] = [resource];
  for (const name of path.split('.'))
    values = values.flatMap(
      (value) => (typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Members)[name] : []) ?? [],
    );
  return values.length > 1 ? values : values[0];
}
