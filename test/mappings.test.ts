// Every mapping under mappings/ against its examples, in both directions, and against the laws that each must keep. A new mapping adds no test code.
import { FhirError } from '../src/fhir/outcome.ts';
import type { Resource } from '../src/fhir/types.ts';
import { touchesOf } from '../src/projection/joins.ts';
import type { LoadedShape } from '../src/projection/loaded.ts';
import type { View } from '../src/projection/shape.ts';
import { idleRules, neverShown, neverStated, unaskedSearches, unusedWords } from './projection/coverage.ts';
import { type Example, envOf, examplesOf, nameOf, profiles, registry, shapes } from './projection/examples.ts';
import { isValidR4, neighboursSurvive, readingGivesWhatWasWritten, theServerWrites, writingBackChangesNothing } from './projection/laws.ts';
import { agreesWithFhirPath } from './projection/oracle.ts';

describe.each(shapes.map((loaded) => [nameOf(loaded), loaded] as const))('%s', (_name, loaded) => {
  const examples = examplesOf(loaded);
  test.each(examples.map((example) => [example.title, example] as const))('%s', (_title, example) => {
    const kinds = Object.keys(KINDS).filter((kind) => kind in example);
    expect(kinds).not.toEqual([]);
    for (const kind of kinds) KINDS[kind]!(loaded, example);
  });

  test('each field a client may write has a value in an example that states its resource', () => {
    expect(neverStated(loaded, examples)).toEqual([]);
  });

  test('each field that is only shown has a value in an example that states its resource', () => {
    expect(neverShown(loaded, examples)).toEqual([]);
  });

  test('each word of an enum or a code table is in an example', () => {
    expect(unusedWords(loaded, examples)).toEqual([]);
  });

  test('each rule of the request schema refuses a body', () => {
    expect(idleRules(loaded, examples)).toEqual([]);
  });

  test('each search parameter has an example with the FHIR search it becomes', () => {
    expect(unaskedSearches(loaded, examples)).toEqual([]);
  });
});

/** What an example shows, by the key that says it. */
const KINDS: Record<string, (loaded: LoadedShape, example: Example) => void> = {
  request: created,
  stored: shown,
  refuse: refused,
  search: ({ shape }, { search, query }) => expect(shape.query(search!, envOf())).toBe(query),
  searchRefused: ({ shape }, { searchRefused, field }) => expect(fieldsOf(() => shape.query(searchRefused!, envOf()))).toEqual([field]),
  same: compared,
  joins: ({ shape }, { joins, queries }) => expect(shape.joins.map((join) => join.search(joins!))).toEqual(queries),
  links: linked,
  finds: ({ shape }, { finds, queries }) => expect([shape.rows!.search(finds!.id), shape.into(finds!.into)]).toEqual(queries),
  accepts: accepted,
  touches: touched,
  indexes: indexed,
};

function created(loaded: LoadedShape, example: Example): void {
  const { shape, lens, mapping } = loaded;
  const { request, into, resource, assigned, response, server, rows } = example as Required<Example>;
  const env = envOf({ ...example.env, ...(mapping.content.row && { [mapping.content.row.key]: lens.rows!.of(request) }) });
  expect(shape.check(request)).toEqual([]);
  const before = structuredClone(into);
  let stored = shape.write(shape.known(request), into, env);
  expect(into).toEqual(before);
  if (resource) expect(stored).toEqual(resource);
  const made = { ...stored, id: assigned.id };
  if (server) stored = theServerWrites(loaded, made, { view: server, env });
  if (example.settled) expect(stored).toMatchObject(example.settled);
  const saved: Resource = {
    ...stored,
    id: assigned.id,
    ...(assigned.lastUpdated && { meta: { ...stored.meta, lastUpdated: assigned.lastUpdated } }),
  };
  const known = { ...env, ...(assigned.created && { created: assigned.created }) };
  isShown(loaded, { ...example, response, env: known }, saved);
  writingBackChangesNothing(loaded, saved, known);
  readingGivesWhatWasWritten(loaded, saved, known);
  isValidR4(saved);
  if (into && mapping.content.row) neighboursSurvive(loaded, into, saved);
  if (rows) hasRows(loaded, saved, rows);
  for (const [name, view] of Object.entries(example.through ?? {}))
    expect(other(name).shape.read(saved, envOf({ roles: [] }))).toMatchObject(view);
}

/** The whole view, its keys in the documented order, the same as a FHIRPath engine reads, and wrapped as the vendor wraps it. */
function isShown(loaded: LoadedShape, { response, env, facts, answer, page, listed }: Example, resource: Resource): void {
  const { shape } = loaded;
  const view = shape.read(resource, envOf(env));
  expect(view).toEqual(response);
  expect(Object.keys(view)).toEqual(Object.keys(response!));
  agreesWithFhirPath(loaded, resource, envOf(env));
  const known = facts ?? { requestId: 'req_00000000', time: '2026-01-01T00:00:00.000Z', status: 201 };
  if (answer) expect(shape.surface.item(view, known)).toEqual(answer);
  if (listed) expect(shape.surface.list([view], page!, known, shape)).toEqual(listed);
}

function shown(loaded: LoadedShape, example: Example): void {
  const { shape, lens, mapping } = loaded;
  const { stored, response, shows = {}, aliases = {}, rows } = example as Required<Example>;
  const joined = Object.fromEntries(
    shape.joins.map((join) => [join.name, join.share(stored, (example.env?.[join.name] ?? []) as Resource[])]),
  );
  const env = envOf({ ...example.env, ...joined });
  const view = shape.read(stored, env);
  if (response) isShown(loaded, { ...example, env }, stored);
  expect(view).toMatchObject(shows);
  agreesWithFhirPath(loaded, stored, env);
  for (const [name, target] of Object.entries(aliases)) {
    const [type, id] = target.split('/') as [string, string];
    expect(view[name]).toBe(shape.surface.showId(type, id, env));
    expect(shape.surface.readId(type, view[name] as string)).toBe(env.alias(type, id));
  }
  if (rows) hasRows(loaded, stored, rows);
  const writable =
    shape.interactions.includes('create') && (!mapping.content.row || lens.rows!.keys(stored).length > 0) && stored.id !== undefined;
  if (writable) writingBackChangesNothing(loaded, stored, env);
}

function hasRows({ shape }: LoadedShape, resource: Resource, rows: Record<string, string>): void {
  const { keys, name } = shape.rows!;
  expect(keys(resource)).toEqual(Object.keys(rows));
  for (const [key, id] of Object.entries(rows)) expect(shape.read(resource, envOf({ [name]: key })).id).toBe(id);
}

function refused({ shape }: LoadedShape, { refuse, field }: Example): void {
  const issues = shape.check(refuse);
  expect(issues.map(({ expression }) => expression?.[0] ?? null)).toEqual([field]);
  for (const { text } of issues)
    expect(text).toMatch(field === null ? /the body must be/ : new RegExp(`^${field!.replace(/[[\].]/g, '\\$&')} (must|is required)`));
}

function compared({ shape }: LoadedShape, { same, of, candidates }: Example): void {
  const [a, b] = of!;
  const found = shape.duplicates(shape.known(a))!;
  if (candidates) expect(found.candidates.map(({ search }) => search)).toEqual(candidates);
  const stored = (view: View): View => shape.read(shape.write(shape.known(view), undefined, envOf()), envOf());
  expect(found.candidates.some((one) => one.same(stored(b)))).toBe(same);
  const back = shape.duplicates(shape.known(b))!;
  expect(back.candidates.some((one) => one.same(stored(a)))).toBe(same);
  if (same) expect(found.keys.some((key) => back.keys.includes(key))).toBe(true);
}

function linked({ shape }: LoadedShape, { links, queries, linked: expected }: Example): void {
  expect(shape.links.map(({ search }) => search(links!))).toEqual(queries);
  expect(shape.links.map(({ search }) => search({}))).toEqual(shape.links.map(() => undefined));
  const resource = shape.write(links!, undefined, envOf());
  const made = shape.links.reduce((out, { put, search }) => put(out, `${search(links!)!.split('?')[0]}/1`), resource);
  expect(made).toMatchObject(expected!);
  for (const name of Object.keys(links!))
    expect(JSON.stringify(shape.write({ [name]: 'Another' }, made, envOf(), { server: true })[name.replace('Name', '')])).not.toContain(
      'reference',
    );
}

function accepted({ shape }: LoadedShape, { accepts }: Example): void {
  const { field, request, id, missing, yes, no } = accepts!;
  const rule = shape.exists.find((one) => one.field === field)!;
  expect([rule.id(request), rule.id({}), rule.missing]).toEqual([id, undefined, missing]);
  expect(yes.map((target) => rule.accepts(target, request))).toEqual(yes.map(() => true));
  expect(no.map((target) => rule.accepts(target, request))).toEqual(no.map(() => false));
}

function touched({ mapping }: LoadedShape, { touches }: Example): void {
  const [rule] = touchesOf(mapping.content);
  expect(rule!.on).toBe(touches!.on);
  for (const { next, left } of touches!.cases) expect(rule!.left(touches!.previous, next ?? undefined)).toEqual(left);
}

function indexed(_loaded: LoadedShape, { indexes }: Example): void {
  for (const { parameter, resource, values } of indexes!) {
    const { code } = profiles.searchParameters.find(({ url }) => url?.endsWith(`/${parameter}`))!;
    const found = registry
      .lookup(resource.resourceType, code)!
      .values(resource)
      .map(({ value }) => value as { reference?: string; value?: string });
    expect(found.map((value) => value.reference ?? value.value ?? value)).toEqual(values);
  }
}

const other = (name: string): LoadedShape => shapes.find((loaded) => nameOf(loaded) === name)!;

function fieldsOf(work: () => unknown): (string | undefined)[] {
  try {
    work();
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(FhirError);
    expect((error as FhirError).kind).toBe('invalid');
    return (error as FhirError).issues.map(({ expression }) => expression?.[0]);
  }
}
