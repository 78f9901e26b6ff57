// The laws of a lens: writing what was read changes nothing, reading gives what was written, and what others wrote survives. Each answers with what is
// wrong; nothing means that it holds.

import { isServed, type Resource } from '../../fhir/types.ts';
import { validateResource } from '../../fhir/validation/validate.ts';
import type { WritablePath } from '../../fhir/writable-path/path.ts';
import type { Field } from '../../mapping/lens/field.ts';
import { unsetOtherForms } from '../../mapping/lens/field-forms.ts';
import type { Lens } from '../../mapping/lens/lens.ts';
import { toUnsetValue } from '../../mapping/lens/lens-read.ts';
import { isOverlap } from '../../mapping/lens/overlap.ts';
import type { LoadedShape } from '../../mapping/load/loaded.ts';
import { findStillShown } from '../../mapping/request/change-plan.ts';
import { buildConflictCheck } from '../../mapping/request/field-conflicts.ts';
import { checkFieldPairs } from '../../mapping/request/field-pairs.ts';
import type { Env, View } from '../../mapping/shape.ts';
import type { MappingSpec } from '../../mapping/spec.ts';
import { findDifferences, findMissing } from './differences.ts';
import { type FieldSamples, pickDifferentValue } from './different-value.ts';
import { addForeignElements, addInactiveElements, checkForeignElements, duplicateFoundElements } from './foreign-elements.ts';

/** Nothing in it breaks R4. */
export const checkR4 = (resource: Resource): string[] =>
  (isServed(resource.resourceType) ? validateResource(resource, resource.resourceType) : []).map(
    ({ text, expression }) => `the resource is not valid R4: ${expression?.[0]}: ${text}`,
  );

/** GetPut: for a client, for the server, and for what is shown. */
export function checkGetPut({ lens }: LoadedShape, resource: Resource, env: Env): string[] {
  const whole = lens.read(resource, env, { all: true });
  const back = (view: View, options?: { server: boolean }): string[] =>
    findDifferences(lens.write(view, resource, env, options), resource, 'written back unchanged, the resource');
  return [...back(whole), ...back(whole, { server: true }), ...back(lens.read(resource, env)), ...back({}, { server: true })];
}

/** PutGet among strangers, those that a field's own path finds, too: every field a client may write is changed, and removed, and read again. */
export function checkPutGet(loaded: LoadedShape, resource: Resource, { env, samples }: { env: Env; samples: FieldSamples }): string[] {
  const { lens } = loaded;
  const foreign = addForeignElements(resource, lens);
  const survive = (after: Resource, field: Field): string[] => [...checkForeignElements(foreign, after, field), ...checkR4(after)];
  return [
    ...findDifferences(lens.read(addInactiveElements(resource, lens), env), lens.read(resource, env), 'with what is not current, the view'),
    ...checkFieldPutGet(loaded, foreign, { env, samples, also: survive }),
    ...checkFieldPutGet(loaded, duplicateFoundElements(resource, loaded, env), { env, samples }),
    ...checkCombinedWrites(loaded, foreign, { env, samples }),
  ];
}

/** The fields that a client may write; the key of a row says which item it is. */
const listWritableFields = ({ fields }: Lens, { row }: MappingSpec): Field[] =>
  fields.filter(({ name, spec }) => !spec.readOnly && name !== row?.key);

const isAdmitted = (view: View, { fields }: Lens): boolean => !fields.some((one) => checkFieldPairs(one, view).length);

interface PutGetContext {
  env: Env;
  samples: FieldSamples;
  /** What else must hold of the resource once a field was written. */
  also?(after: Resource, field: Field): string[];
}

/** Each field a client may write is changed, and unset: it shows that, and all others show what they did. */
export function checkFieldPutGet(
  { lens, mapping }: LoadedShape,
  resource: Resource,
  { env, samples, also = () => [] }: PutGetContext,
): string[] {
  const whole = lens.read(resource, env, { all: true });
  const apart = (view: View, field: Field): View => omitDependentFields(view, field, lens.fields);
  return listWritableFields(lens, mapping.content).flatMap((field) => {
    const { name, spec } = field;
    const values = [pickDifferentValue(field, whole[name], samples), ...(spec.required ? [] : [null])];
    return values
      .filter((value) => value !== undefined)
      .map((value) => ({ value, asked: unsetOtherForms({ [name]: value }, lens.fields) }))
      .filter(({ asked }) => isAdmitted({ ...whole, ...asked }, lens))
      .flatMap(({ value, asked }) => {
        const next = { ...whole, ...asked };
        const after = lens.write(next, resource, env);
        if (field.paths.length > 1 && findStillShown(asked, lens.read(after, env, { all: true, bare: true })).length) return [];
        const view = lens.read(after, env, { all: true });
        const wanted = apart({ ...next, [name]: value ?? toUnsetValue(spec) }, field);
        return [
          ...findDifferences(apart(view, field), wanted, `after ${name} was ${value === null ? 'unset' : 'written'}, the view`),
          ...also(after, field),
        ];
      });
  });
}

/** Two fields over one element that are changed in one write show what each shows when it is changed alone. */
function checkCombinedWrites(
  { lens, mapping }: LoadedShape,
  resource: Resource,
  { env, samples }: { env: Env; samples: FieldSamples },
): string[] {
  const whole = lens.read(resource, env, { all: true });
  const shown = (asked: View): View => lens.read(lens.write({ ...whole, ...asked }, resource, env), env, { all: true });
  const changes = listWritableFields(lens, mapping.content).flatMap((field) => {
    const value = pickDifferentValue(field, whole[field.name], samples);
    const asked = { [field.name]: value };
    return value !== undefined && isAdmitted({ ...whole, ...asked }, lens) ? [{ field, name: field.name, asked }] : [];
  });
  const disagree = buildConflictCheck(lens);
  const pairs = changes.flatMap((one, nth) => changes.slice(nth + 1).map((other) => [one, other] as const));
  return pairs
    .filter(([one, other]) => shareElement(one.field, other.field) && !disagree({ ...one.asked, ...other.asked }).length)
    .flatMap(([one, other]) => {
      const both = shown({ ...one.asked, ...other.asked });
      return [one, other].flatMap(({ name, asked }) =>
        findDifferences(both[name], shown(asked)[name], `after ${one.name} and ${other.name} were written together, ${name}`),
      );
    });
}

const shareElement = (one: Field, other: Field): boolean =>
  listPlaces(one).some(({ steps: [first] }) => listPlaces(other).some(({ steps: [step] }) => step?.name === first?.name));

/** A view without what is another spelling of a field, or only shows what the field writes: it changes with that field. */
export function omitDependentFields(view: View, field: Field, fields: Field[]): View {
  const { name, spec } = field;
  const shares = (one: Field): boolean => (one.spec.shares ?? one.name) === (spec.shares ?? name);
  const others = fields.filter((one) => one.name !== name && (shares(one) || (one.spec.readOnly && overlaps(one, field))));
  return Object.fromEntries(Object.entries(view).filter(([key]) => !others.some((one) => one.name === key)));
}

const overlaps = (one: Field, other: Field): boolean =>
  listPlaces(one).some((path) => listPlaces(other).some((place) => isOverlap({ path }, { path: place })));

const listPlaces = ({ writtenPaths, fields = [] }: Field): WritablePath[] => [...writtenPaths, ...fields.flatMap(listPlaces)];

/** Read-only fields, put in by the server through the same lens. */
export function checkServerWrite({ lens }: LoadedShape, resource: Resource, { view, env }: { view: View; env: Env }) {
  const settled = lens.write(view, resource, env, { server: true });
  const before = lens.read(resource, env, { all: true });
  const wrong = [
    ...findMissing(lens.read(settled, env), view, 'after the server wrote, the view'),
    ...findDifferences(lens.read(settled, env, { all: true }), { ...before, ...view }, 'after the server wrote, the whole view'),
  ];
  return { settled, wrong };
}

/** An item's own fields leave its neighbours in the same resource alone; what they share may become known, and is never another. */
export function checkNeighbours({ lens, mapping }: LoadedShape, request: View, [before, after]: [Resource, Resource]): string[] {
  const { key, elements } = mapping.content.row!;
  const list = elements.split('.')[0]!;
  const own = lens.leaves.filter(({ writtenPaths }) => writtenPaths.some(({ text }) => text.startsWith(list)));
  const neighbours = lens.rows!.readKeys(before).filter((row) => row !== lens.rows!.readKey(request));
  return neighbours.flatMap((row) => {
    const read = (resource: Resource): View => lens.read(resource, { alias: () => '', [key]: row });
    const [was, is] = [read(before), read(after)];
    const known = own.filter(({ name, spec }) => !spec.own || (was[name] ?? '') !== '');
    return known.flatMap(({ name }) => findDifferences(is[name], was[name], `${name} of the neighbour ${row}`));
  });
}
