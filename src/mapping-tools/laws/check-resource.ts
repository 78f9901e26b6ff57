// Checks examples that state a resource: a create, and a read of a resource that a FHIR client made.

import { findClosestName } from '../../fhir/closest-name.ts';
import { toRecord } from '../../fhir/json-values.ts';
import type { Resource } from '../../fhir/types.ts';
import { buildExampleEnv, EXAMPLE_TIME, type Example } from '../../mapping/load/examples.ts';
import { type LoadedShape, toQualifiedName } from '../../mapping/load/loaded.ts';
import { distributeJoins } from '../../mapping/query/joins.ts';
import type { Env, Shape, View } from '../../mapping/shape.ts';
import { findDifferences, findMissing } from './differences.ts';
import { type ExampleContext, readRequestItem } from './example-context.ts';
import { compareWithFhirPath } from './fhirpath-comparison.ts';
import { checkMembersKeepExtensions } from './list-members.ts';
import { checkGetPut, checkNeighbours, checkPutGet, checkR4, checkServerWrite } from './round-trip.ts';

/** request → resource → response, then every law on the resource. */
export function checkCreate(all: ExampleContext): string[] {
  const { loaded, example } = all;
  const { shape, lens, mapping } = loaded;
  const { request = {}, into, resource, assigned, rows, through = {} } = example;
  if (!assigned) return ['it must say the id that the server gives: assigned: { id: 0190b3c2-0000-7000-8000-000000000001 }'];
  const env = buildExampleEnv({ ...example.env, ...(mapping.content.row && { [mapping.content.row.key]: lens.rows!.readKey(request) }) });
  const before = structuredClone(into);
  const item = readRequestItem(shape, request);
  const first = shape.write(item, into, env);
  const serverWrite = writeServerFields(loaded, { ...first, id: assigned.id }, { example, env });
  const stored = example.server ? serverWrite.resource : first;
  const saved: Resource = {
    ...stored,
    id: assigned.id,
    ...(assigned.lastUpdated && { meta: { ...stored.meta, lastUpdated: assigned.lastUpdated } }),
  };
  const known = { ...env, ...(assigned.created && { created: assigned.created }) };
  return [
    ...findMisspelledFields(shape, request),
    ...shape.checkRequest(request, String(example.env?.now ?? EXAMPLE_TIME)).map(({ text }) => `the request is refused: ${text}`),
    ...findDifferences(into, before, 'the resource it goes into'),
    ...(resource ? findDifferences(first, resource, 'the resource') : []),
    ...serverWrite.wrong,
    ...checkView(loaded, { ...example, env: known }, saved),
    ...checkWriteOnlyFields(loaded, saved, { request: item, env: known }),
    ...checkGetPut(loaded, saved, known),
    ...checkPutGet(loaded, saved, { env: known, samples: all.samples }),
    ...checkMembersKeepExtensions(loaded, saved, { env: known, samples: all.samples }),
    ...checkR4(saved),
    ...(into && mapping.content.row ? checkNeighbours(loaded, request, [into, saved]) : []),
    ...(rows ? checkRows(loaded, saved, rows) : []),
    ...Object.entries(through).flatMap(([name, view]) => checkOtherShape(all, name, { saved, view })),
  ];
}

/** Request properties with a name close to a field's: probably misspelled. */
const findMisspelledFields = ({ requestSchema }: Shape, request: View): string[] => {
  const known = Object.keys(requestSchema.properties ?? {});
  return Object.keys(request).flatMap((name) => {
    const meant = known.includes(name) ? undefined : findClosestName(name, known);
    return meant === undefined || meant in request ? [] : [`request: ${name} is no field (did you mean ${meant}?)`];
  });
};

/** Writes the fields that the server sets later. */
function writeServerFields(loaded: LoadedShape, resource: Resource, { example, env }: { example: Example; env: Env }) {
  if (!example.server) return { resource, wrong: [] };
  const { settled: written, wrong: errors } = checkServerWrite(loaded, resource, { view: example.server, env });
  return {
    resource: written,
    wrong: [...errors, ...(example.settled ? findMissing(written, example.settled, 'settled, the resource') : [])],
  };
}

function checkOtherShape({ world }: ExampleContext, name: string, { saved, view }: { saved: Resource; view: object }): string[] {
  const other = world.shapes.find((shape) => toQualifiedName(shape) === name);
  if (!other) return [`through: there is no shape ${name}`];
  const joined = Object.fromEntries(other.shape.joins.map((join) => [join.name, []]));
  return findMissing(other.shape.read(saved, buildExampleEnv(joined)), view, `through ${name}, the view`);
}

/** Checks the whole view, the order of its keys, the values that a FHIRPath engine reads, and the envelopes. */
function checkView(
  loaded: LoadedShape,
  { response = {}, env, facts, answer, page, listed, search = {} }: Example,
  resource: Resource,
): string[] {
  const { shape } = loaded;
  const view = shape.read(resource, buildExampleEnv(env));
  const known = facts ?? { requestId: 'req_00000000', time: EXAMPLE_TIME, status: shape.createdStatus };
  return [
    ...findDifferences(view, response, 'the response'),
    ...findDifferences(Object.keys(view), Object.keys(response), 'the order of the keys'),
    ...compareWithFhirPath(loaded, resource, buildExampleEnv(env)),
    ...(answer ? findDifferences(shape.wrapItem(view, known), answer, 'the answer') : []),
    ...(listed ? findDifferences(shape.wrapList([view], page!, known, search), listed, 'the list') : []),
  ];
}

/** Checks the view of a resource that a FHIR client made, and that writing it back changes nothing. */
export function checkRead({ loaded, example }: ExampleContext): string[] {
  const { shape, lens, mapping } = loaded;
  const { response, shows = {}, aliases = {}, rows } = example;
  const stored = example.stored!;
  const joined = distributeJoins(stored, shape.joins, example.env ?? {});
  const env = buildExampleEnv({ ...shape.pickBoundParameters(example.search ?? {}), ...example.env, ...joined });
  const view = shape.read(stored, env);
  const writable = shape.interactions.some((interaction) => interaction === 'create' || interaction === 'update');
  const isItem = (!mapping.content.row || lens.rows!.readKeys(stored).length > 0) && stored.id !== undefined;
  return [
    ...(response ? checkView(loaded, { ...example, env }, stored) : compareWithFhirPath(loaded, stored, env)),
    ...findMissing(view, shows, 'the response'),
    ...(example.item === undefined ? [] : findDifferences(shape.isItem(view), example.item, 'whether it is an item')),
    ...Object.entries(aliases).flatMap(([name, target]) => checkAlias(loaded, target, { shownId: view[name], name, env })),
    ...(rows ? checkRows(loaded, stored, rows) : []),
    ...(writable && isItem ? checkGetPut(loaded, stored, env) : []),
  ];
}

/** Checks that an id which is not a UUID is shown as its alias, and decoded to it. */
function checkAlias(
  { shape }: LoadedShape,
  target: string,
  { shownId: id, name, env }: { shownId: unknown; name: string; env: Env },
): string[] {
  const [type = '', own = ''] = target.split('/');
  return [
    ...findDifferences(id, shape.surface.encodeId(type, own, env), name),
    ...findDifferences(shape.surface.decodeId(type, String(id)), env.alias(type, own), `${name} read back`),
  ];
}

function checkRows({ shape }: LoadedShape, resource: Resource, rows: Record<string, string>): string[] {
  if (!shape.rows) return ['rows: the mapping has no row:'];
  const { readKeys, name } = shape.rows;
  return [
    ...findDifferences(readKeys(resource), Object.keys(rows), 'the keys of its items'),
    ...Object.entries(rows).flatMap(([key, id]) =>
      findDifferences(shape.read(resource, buildExampleEnv({ [name]: key }))[shape.idName], id, `the id of its item ${key}`),
    ),
  ];
}

/** Checks that write-only fields are stored. */
function checkWriteOnlyFields({ lens }: LoadedShape, saved: Resource, { request, env }: { request: View; env: Env }): string[] {
  const fullView = lens.read(saved, env, { all: true });
  const at = (view: View, names: string[]): unknown => names.reduce<unknown>((value, name) => toRecord(value)[name], view);
  const sent = lens.leaves.filter((field) => at(request, field.keyPath) !== undefined && at(fullView, field.keyPath) === null);
  return sent
    .filter(({ keyPath: [top] }) => lens.fields.some(({ name, spec }) => name === top && spec.writeOnly && spec.onlyIn !== 'update'))
    .map((field) => `${field.keyPath.join('.')} is sent, and not found again`);
}
