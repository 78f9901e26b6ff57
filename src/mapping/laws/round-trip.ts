// The laws of a lens: writing what was read changes nothing, reading gives what was written, and what others wrote survives. Each answers with what is
// wrong; nothing means that it holds.
import type { Path } from '../../fhir/path/path.ts';
import type { Resource } from '../../fhir/types.ts';
import { validate } from '../../fhir/validation/validate.ts';
import { stillShown } from '../change.ts';
import { pairFaults } from '../field-pairs.ts';
import { disagreements } from '../lens/disagreements.ts';
import type { Field } from '../lens/field.ts';
import type { Lens } from '../lens/lens.ts';
import { unsetOf } from '../lens/lens-read.ts';
import { isOverlap } from '../lens/overlap.ts';
import { inOneForm } from '../lens/sharing.ts';
import type { LoadedShape } from '../load/loaded.ts';
import type { Env, View } from '../shape.ts';
import type { MappingSpec } from '../spec.ts';
import { anotherValue, type Samples } from './another-value.ts';
import { differences, missing } from './difference.ts';
import { amongStrangers, doubled, retiredIn, strangersSurvive } from './strangers.ts';

/** Nothing in it breaks R4. */
export const validR4 = (resource: Resource): string[] =>
  validate(resource, resource.resourceType as never).map(
    ({ text, expression }) => `the resource is not valid R4: ${expression?.[0]}: ${text}`,
  );

/** GetPut: for a client, for the server, and for what is shown. */
export function writingBackChangesNothing({ lens }: LoadedShape, resource: Resource, env: Env): string[] {
  const whole = lens.read(resource, env, { all: true });
  const back = (view: View, options?: { server: boolean }): string[] =>
    differences(lens.write(view, resource, env, options), resource, 'written back unchanged, the resource');
  return [...back(whole), ...back(whole, { server: true }), ...back(lens.read(resource, env)), ...back({}, { server: true })];
}

/** PutGet among strangers, those that a field's own path finds, too: every field a client may write is changed, and removed, and read again. */
export function readingGivesWhatWasWritten(
  loaded: LoadedShape,
  resource: Resource,
  { env, samples }: { env: Env; samples: Samples },
): string[] {
  const { lens } = loaded;
  const foreign = amongStrangers(resource, lens);
  const survive = (after: Resource, field: Field): string[] => [...strangersSurvive(foreign, after, field), ...validR4(after)];
  return [
    ...differences(lens.read(retiredIn(resource, lens), env), lens.read(resource, env), 'with what is not current, the view'),
    ...putGet(loaded, foreign, { env, samples, also: survive }),
    ...putGet(loaded, doubled(resource, loaded, env), { env, samples }),
    ...togetherAsAlone(loaded, foreign, { env, samples }),
  ];
}

/** The fields that a client may write; the key of a row says which item it is. */
const writableIn = ({ fields }: Lens, { row }: MappingSpec): Field[] =>
  fields.filter(({ name, spec }) => !spec.readOnly && name !== row?.key);

const isAdmitted = (view: View, { fields }: Lens): boolean => !fields.some((one) => pairFaults(one, view).length);

interface Trying {
  env: Env;
  samples: Samples;
  /** What else must hold of the resource once a field was written. */
  also?(after: Resource, field: Field): string[];
}

/** Each field a client may write is changed, and unset: it shows that, and all others show what they did. */
export function putGet({ lens, mapping }: LoadedShape, resource: Resource, { env, samples, also = () => [] }: Trying): string[] {
  const whole = lens.read(resource, env, { all: true });
  const apart = (view: View, field: Field): View => withoutSharers(view, field, lens.fields);
  return writableIn(lens, mapping.content).flatMap((field) => {
    const { name, spec } = field;
    const values = [anotherValue(field, whole[name], samples), ...(spec.required ? [] : [null])];
    return values
      .filter((value) => value !== undefined)
      .map((value) => ({ value, asked: inOneForm({ [name]: value }, lens.fields) }))
      .filter(({ asked }) => isAdmitted({ ...whole, ...asked }, lens))
      .flatMap(({ value, asked }) => {
        const next = { ...whole, ...asked };
        const after = lens.write(next, resource, env);
        if (field.paths.length > 1 && stillShown(asked, lens.read(after, env, { all: true, bare: true })).length) return [];
        const view = lens.read(after, env, { all: true });
        const wanted = apart({ ...next, [name]: value ?? unsetOf(spec) }, field);
        return [
          ...differences(apart(view, field), wanted, `after ${name} was ${value === null ? 'unset' : 'written'}, the view`),
          ...also(after, field),
        ];
      });
  });
}

/** Two fields over one element that are changed in one write show what each shows when it is changed alone. */
function togetherAsAlone({ lens, mapping }: LoadedShape, resource: Resource, { env, samples }: { env: Env; samples: Samples }): string[] {
  const whole = lens.read(resource, env, { all: true });
  const shown = (asked: View): View => lens.read(lens.write({ ...whole, ...asked }, resource, env), env, { all: true });
  const changes = writableIn(lens, mapping.content).flatMap((field) => {
    const value = anotherValue(field, whole[field.name], samples);
    const asked = { [field.name]: value };
    return value !== undefined && isAdmitted({ ...whole, ...asked }, lens) ? [{ field, name: field.name, asked }] : [];
  });
  const disagree = disagreements(lens);
  const pairs = changes.flatMap((one, nth) => changes.slice(nth + 1).map((other) => [one, other] as const));
  return pairs
    .filter(([one, other]) => haveOneElement(one.field, other.field) && !disagree({ ...one.asked, ...other.asked }).length)
    .flatMap(([one, other]) => {
      const both = shown({ ...one.asked, ...other.asked });
      return [one, other].flatMap(({ name, asked }) =>
        differences(both[name], shown(asked)[name], `after ${one.name} and ${other.name} were written together, ${name}`),
      );
    });
}

const haveOneElement = (one: Field, other: Field): boolean =>
  placesOf(one).some(({ steps: [first] }) => placesOf(other).some(({ steps: [step] }) => step?.name === first?.name));

/** A view without what is another spelling of a field, or only shows what the field writes: it changes with that field. */
export function withoutSharers(view: View, field: Field, fields: Field[]): View {
  const { name, spec } = field;
  const shares = (one: Field): boolean => (one.spec.shares ?? one.name) === (spec.shares ?? name);
  const others = fields.filter((one) => one.name !== name && (shares(one) || (one.spec.readOnly && looksAt(one, field))));
  return Object.fromEntries(Object.entries(view).filter(([key]) => !others.some((one) => one.name === key)));
}

const looksAt = (one: Field, other: Field): boolean =>
  placesOf(one).some((path) => placesOf(other).some((place) => isOverlap({ path }, { path: place })));

const placesOf = ({ written, fields = [] }: Field): Path[] => [...written, ...fields.flatMap(placesOf)];

/** Read-only fields, put in by the server through the same lens. */
export function theServerWrites({ lens }: LoadedShape, resource: Resource, { view, env }: { view: View; env: Env }) {
  const settled = lens.write(view, resource, env, { server: true });
  const before = lens.read(resource, env, { all: true });
  const wrong = [
    ...missing(lens.read(settled, env), view, 'after the server wrote, the view'),
    ...differences(lens.read(settled, env, { all: true }), { ...before, ...view }, 'after the server wrote, the whole view'),
  ];
  return { settled, wrong };
}

/** An item's own fields leave its neighbours in the same resource alone; what they share may become known, and is never another. */
export function neighboursSurvive({ lens, mapping }: LoadedShape, request: View, [before, after]: [Resource, Resource]): string[] {
  const { key, elements } = mapping.content.row!;
  const list = elements.split('.')[0]!;
  const own = lens.leaves.filter(({ written }) => written.some(({ text }) => text.startsWith(list)));
  const neighbours = lens.rows!.keys(before).filter((row) => row !== lens.rows!.of(request));
  return neighbours.flatMap((row) => {
    const [was, is] = [before, after].map((resource) => lens.read(resource, { alias: () => '', [key]: row })) as [View, View];
    const known = own.filter(({ name, spec }) => !spec.own || (was[name] ?? '') !== '');
    return known.flatMap(({ name }) => differences(is[name], was[name], `${name} of the neighbour ${row}`));
  });
}
