// The two kinds of example that state a resource: a request with what it becomes, and a resource that was made through FHIR with what is shown of it.
import { closestName } from '../../fhir/closest-name.ts';
import type { Resource } from '../../fhir/types.ts';
import { type Example, envOf, itemIn, NOW, nameOf } from '../example.ts';
import { sharedWith } from '../joins.ts';
import type { LoadedShape } from '../load/loaded.ts';
import type { Env, Shape, View } from '../shape.ts';
import { differences, missing } from './difference.ts';
import { agreesWithFhirPath } from './fhirpath-oracle.ts';
import { membersKeepTheirs } from './members.ts';
import { neighboursSurvive, readingGivesWhatWasWritten, theServerWrites, validR4, writingBackChangesNothing } from './round-trip.ts';
import type { Schema } from './schema-rules.ts';
import type { Shown } from './shown.ts';

/** request → resource → response, and every law on what was made. */
export function created(all: Shown): string[] {
  const { loaded, example } = all;
  const { shape, lens, mapping } = loaded;
  const { request = {}, into, resource, assigned, rows, through = {} } = example;
  if (!assigned) return ['it must say the id that the server gives: assigned: { id: 0190b3c2-0000-7000-8000-000000000001 }'];
  const env = envOf({ ...example.env, ...(mapping.content.row && { [mapping.content.row.key]: lens.rows!.of(request) }) });
  const before = structuredClone(into);
  const item = itemIn(shape, request);
  const first = shape.write(item, into, env);
  const settled = settledOf(loaded, { ...first, id: assigned.id }, { example, env });
  const stored = example.server ? settled.resource : first;
  const saved: Resource = {
    ...stored,
    id: assigned.id,
    ...(assigned.lastUpdated && { meta: { ...stored.meta, lastUpdated: assigned.lastUpdated } }),
  };
  const known = { ...env, ...(assigned.created && { created: assigned.created }) };
  return [
    ...misspelt(shape, request),
    ...shape.check(request, String(example.env?.now ?? NOW)).map(({ text }) => `the request is refused: ${text}`),
    ...differences(into, before, 'the resource it goes into'),
    ...(resource ? differences(first, resource, 'the resource') : []),
    ...settled.wrong,
    ...isShown(loaded, { ...example, env: known }, saved),
    ...unshownIsStored(loaded, saved, { request: item, env: known }),
    ...writingBackChangesNothing(loaded, saved, known),
    ...readingGivesWhatWasWritten(loaded, saved, { env: known, samples: all.samples }),
    ...membersKeepTheirs(loaded, saved, { env: known, samples: all.samples }),
    ...validR4(saved),
    ...(into && mapping.content.row ? neighboursSurvive(loaded, request, [into, saved]) : []),
    ...(rows ? hasRows(loaded, saved, rows) : []),
    ...Object.entries(through).flatMap(([name, view]) => seenThrough(all, name, { saved, view })),
  ];
}

/** Names that are nearly a field's; others may be what a client sends and nobody reads. */
const misspelt = ({ requestSchema }: Shape, request: View): string[] => {
  const known = Object.keys((requestSchema as Schema).properties ?? {});
  return Object.keys(request).flatMap((name) => {
    const meant = known.includes(name) ? undefined : closestName(name, known);
    return meant === undefined || meant in request ? [] : [`request: ${name} is no field (did you mean ${meant}?)`];
  });
};

/** What the server fills in afterwards, put into what was made. */
function settledOf(loaded: LoadedShape, made: Resource, { example, env }: { example: Example; env: Env }) {
  if (!example.server) return { resource: made, wrong: [] };
  const { settled, wrong } = theServerWrites(loaded, made, { view: example.server, env });
  return { resource: settled, wrong: [...wrong, ...(example.settled ? missing(settled, example.settled, 'settled, the resource') : [])] };
}

function seenThrough({ world }: Shown, name: string, { saved, view }: { saved: Resource; view: object }): string[] {
  const other = world.shapes.find((one) => nameOf(one) === name);
  if (!other) return [`through: there is no shape ${name}`];
  const joined = Object.fromEntries(other.shape.joins.map((join) => [join.name, []]));
  return missing(other.shape.read(saved, envOf(joined)), view, `through ${name}, the view`);
}

/** The whole view, its keys in the documented order, the same as a FHIRPath engine reads, and wrapped as the vendor wraps it. */
function isShown(
  loaded: LoadedShape,
  { response = {}, env, facts, answer, page, listed, search = {} }: Example,
  resource: Resource,
): string[] {
  const { shape } = loaded;
  const view = shape.read(resource, envOf(env));
  const known = facts ?? { requestId: 'req_00000000', time: NOW, status: shape.status };
  return [
    ...differences(view, response, 'the response'),
    ...differences(Object.keys(view), Object.keys(response), 'the order of the keys'),
    ...agreesWithFhirPath(loaded, resource, envOf(env)),
    ...(answer ? differences(shape.item(view, known), answer, 'the answer') : []),
    ...(listed ? differences(shape.list([view], page!, known, search), listed, 'the list') : []),
  ];
}

/** A resource that was made through FHIR: what is shown of it, and that writing it back changes nothing. */
export function shown({ loaded, example }: Shown): string[] {
  const { shape, lens, mapping } = loaded;
  const { response, shows = {}, aliases = {}, rows } = example;
  const stored = example.stored!;
  const joined = sharedWith(stored, shape.joins, example.env ?? {});
  const env = envOf({ ...shape.bound(example.search ?? {}), ...example.env, ...joined });
  const view = shape.read(stored, env);
  const writable = shape.interactions.some((one) => one === 'create' || one === 'update');
  const isItem = (!mapping.content.row || lens.rows!.keys(stored).length > 0) && stored.id !== undefined;
  return [
    ...(response ? isShown(loaded, { ...example, env }, stored) : agreesWithFhirPath(loaded, stored, env)),
    ...missing(view, shows, 'the response'),
    ...(example.item === undefined ? [] : differences(shape.belongs(view), example.item, 'whether it is an item')),
    ...Object.entries(aliases).flatMap(([name, target]) => standsFor(loaded, target, { shown: view[name], name, env })),
    ...(rows ? hasRows(loaded, stored, rows) : []),
    ...(writable && isItem ? writingBackChangesNothing(loaded, stored, env) : []),
  ];
}

/** An id that no UUID is shown by one that stands for it, and is read back as that one. */
function standsFor({ shape }: LoadedShape, target: string, { shown: id, name, env }: { shown: unknown; name: string; env: Env }): string[] {
  const [type, own] = target.split('/') as [string, string];
  return [
    ...differences(id, shape.surface.showId(type, own, env), name),
    ...differences(shape.surface.readId(type, String(id)), env.alias(type, own), `${name} read back`),
  ];
}

function hasRows({ shape }: LoadedShape, resource: Resource, rows: Record<string, string>): string[] {
  if (!shape.rows) return ['rows: the mapping has no row:'];
  const { keys, name } = shape.rows;
  return [
    ...differences(keys(resource), Object.keys(rows), 'the keys of its items'),
    ...Object.entries(rows).flatMap(([key, id]) =>
      differences(shape.read(resource, envOf({ [name]: key }))[shape.idName], id, `the id of its item ${key}`),
    ),
  ];
}

/** What is sent and never shown is there to be read all the same. */
function unshownIsStored({ lens }: LoadedShape, saved: Resource, { request, env }: { request: View; env: Env }): string[] {
  const whole = lens.read(saved, env, { all: true });
  const at = (view: View, names: string[]): unknown =>
    names.reduce<unknown>((value, name) => (value as View | null | undefined)?.[name], view);
  const sent = lens.leaves.filter((field) => at(request, field.at) !== undefined && at(whole, field.at) === null);
  return sent
    .filter(({ at: [top] }) => lens.fields.some(({ name, spec }) => name === top && spec.writeOnly && spec.onlyIn !== 'update'))
    .map((field) => `${field.at.join('.')} is sent, and not found again`);
}
