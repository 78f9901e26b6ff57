// The laws of a lens: GetPut (writing back changes nothing), PutGet (a written value is read again), and foreign content survives. Each returns its violations.

import { findElement } from '../../fhir/elements.ts';
import { isServed, type Resource } from '../../fhir/types.ts';
import { validateResource } from '../../fhir/validation/validate.ts';
import type { WritablePath } from '../../fhir/writable-path/path.ts';
import { pickDifferentValue } from '../../mapping/explain/different-value.ts';
import type { FieldSamples } from '../../mapping/explain/samples.ts';
import type { Field } from '../../mapping/lens/field.ts';
import { unsetOtherForms } from '../../mapping/lens/field-forms.ts';
import type { Lens } from '../../mapping/lens/lens.ts';
import { toUnsetValue } from '../../mapping/lens/lens-read.ts';
import { isOverlap } from '../../mapping/lens/overlap.ts';
import type { LoadedShape } from '../../mapping/load/loaded.ts';
import { findStillShown } from '../../mapping/request/change-plan.ts';
import { buildConflictCheck, checkFieldPairs } from '../../mapping/request/field-rules.ts';
import type { Env, View } from '../../mapping/shape.ts';
import type { MappingSpec } from '../../mapping/spec.ts';
import { findDifferences, findMissing } from './differences.ts';
import { addForeignElements, addInactiveElements, checkForeignElements, duplicateFoundElements } from './foreign-elements.ts';

/** The R4 validation errors of a resource. */
export const checkR4 = (resource: Resource): string[] =>
  (isServed(resource.resourceType) ? validateResource(resource, resource.resourceType) : []).map(
    ({ text, expression }) => `the resource is not valid R4: ${expression?.[0]}: ${text}`,
  );

/**
 * The R4 validation errors after one field was changed. A rule between several elements of the resource is left out: the mapping cannot know it, and the server
 * refuses such a request. https://hl7.org/fhir/R4/conformance-rules.html#constraints
 */
const checkR4OfOneChange = (resource: Resource): string[] =>
  checkR4(resource).filter(
    (text) => !(text.startsWith(`the resource is not valid R4: ${resource.resourceType}: `) && BETWEEN_ELEMENTS.test(text)),
  );

/** A constraint of the resource's own type; those of DomainResource (dom-3) are about what the mapping writes. */
const BETWEEN_ELEMENTS = /\((?!dom-)[a-z]+-\d+\)$/;

/** GetPut, for writes of a client and of the server. */
export function checkGetPut({ lens }: LoadedShape, resource: Resource, env: Env): string[] {
  const fullView = lens.read(resource, env, { all: true });
  const back = (view: View, options?: { server: boolean }): string[] =>
    findDifferences(lens.write(view, resource, env, options), resource, 'written back unchanged, the resource');
  return [...back(fullView), ...back(fullView, { server: true }), ...back(lens.read(resource, env)), ...back({}, { server: true })];
}

/** PutGet in a resource with foreign elements, also ones that a field's own path selects: each writable field is changed, removed, and read again. */
export function checkPutGet(loaded: LoadedShape, resource: Resource, { env, samples }: { env: Env; samples: FieldSamples }): string[] {
  const { lens } = loaded;
  const foreign = addForeignElements(resource, lens);
  const survive = (after: Resource, field: Field): string[] => [
    ...checkForeignElements(foreign, after, field),
    ...checkR4OfOneChange(after),
  ];
  return [
    ...findDifferences(lens.read(addInactiveElements(resource, lens), env), lens.read(resource, env), 'with what is not current, the view'),
    ...checkFieldPutGet(loaded, foreign, { env, samples, also: survive }),
    ...checkFieldPutGet(loaded, duplicateFoundElements(resource, loaded, env), { env, samples }),
    ...checkCombinedWrites(loaded, foreign, { env, samples }),
  ];
}

/** The writable fields, without the key of a row. */
const listWritableFields = ({ fields }: Lens, { row }: MappingSpec): Field[] =>
  fields.filter(({ name, spec }) => !spec.readOnly && name !== row?.key);

/**
 * Whether a client may unset the field. It may not if a create always writes a default that no change may take away, or if R4 requires the element: then the
 * server refuses the request.
 */
function canBeUnset({ spec: { required, onlyIn, default: standard }, paths: [main] }: Field, type: string): boolean {
  if (required) return false;
  if (standard === undefined) return true;
  const isRequired = main?.steps.length === 1 && (findElement(type, main.steps[0]!.name)?.min ?? 0) > 0;
  return onlyIn !== 'create' && !isRequired;
}

const isAdmitted = (view: View, { fields }: Lens): boolean => !fields.some((field) => checkFieldPairs(field, view).length);

interface PutGetContext {
  env: Env;
  samples: FieldSamples;
  /** Further checks of the written resource. */
  also?(after: Resource, field: Field): string[];
}

/** Changes and unsets each writable field: it must show the new value, and all others their old one. */
export function checkFieldPutGet(
  { lens, mapping }: LoadedShape,
  resource: Resource,
  { env, samples, also = () => [] }: PutGetContext,
): string[] {
  const fullView = lens.read(resource, env, { all: true });
  const omitDependents = (view: View, field: Field): View => omitDependentFields(view, field, lens.fields);
  return listWritableFields(lens, mapping.content).flatMap((field) => {
    const { name, spec } = field;
    const values = [pickDifferentValue(field, fullView[name], samples), ...(canBeUnset(field, mapping.content.resource) ? [null] : [])];
    return values
      .filter((value) => value !== undefined)
      .map((value) => ({ value, asked: unsetOtherForms({ [name]: value }, lens.fields) }))
      .filter(({ asked: changes }) => isAdmitted({ ...fullView, ...changes }, lens))
      .flatMap(({ value, asked: changes }) => {
        const next = { ...fullView, ...changes };
        const after = lens.write(next, resource, env);
        if (field.paths.length > 1 && findStillShown(changes, lens.read(after, env, { all: true, bare: true })).length) return [];
        const view = lens.read(after, env, { all: true });
        const expected = omitDependents({ ...next, [name]: value ?? toUnsetValue(spec) }, field);
        return [
          ...findDifferences(omitDependents(view, field), expected, `after ${name} was ${value === null ? 'unset' : 'written'}, the view`),
          ...also(after, field),
        ];
      });
  });
}

/** Two fields on one element, changed in one write, must show the same as when changed alone. */
function checkCombinedWrites(
  { lens, mapping }: LoadedShape,
  resource: Resource,
  { env, samples }: { env: Env; samples: FieldSamples },
): string[] {
  const fullView = lens.read(resource, env, { all: true });
  const writeAndRead = (changes: View): View => lens.read(lens.write({ ...fullView, ...changes }, resource, env), env, { all: true });
  const changes = listWritableFields(lens, mapping.content).flatMap((field) => {
    const value = pickDifferentValue(field, fullView[field.name], samples);
    const changes = { [field.name]: value };
    return value !== undefined && isAdmitted({ ...fullView, ...changes }, lens) ? [{ field, name: field.name, asked: changes }] : [];
  });
  const disagree = buildConflictCheck(lens);
  const pairs = changes.flatMap((one, index) => changes.slice(index + 1).map((other) => [one, other] as const));
  return pairs
    .filter(([one, other]) => shareElement(one.field, other.field) && !disagree({ ...one.asked, ...other.asked }).length)
    .flatMap(([one, other]) => {
      const both = writeAndRead({ ...one.asked, ...other.asked });
      return [one, other].flatMap(({ name, asked }) =>
        findDifferences(both[name], writeAndRead(asked)[name], `after ${one.name} and ${other.name} were written together, ${name}`),
      );
    });
}

const shareElement = (field: Field, other: Field): boolean =>
  listPlaces(field).some(({ steps: [first] }) => listPlaces(other).some(({ steps: [step] }) => step?.name === first?.name));

/** A view without the fields that change together with this field: second names, and read-only fields on its path. */
export function omitDependentFields(view: View, field: Field, fields: Field[]): View {
  const { name, spec } = field;
  const shares = (field: Field): boolean => (field.spec.shares ?? field.name) === (spec.shares ?? name);
  const others = fields.filter((other) => other.name !== name && (shares(other) || (other.spec.readOnly && overlaps(other, field))));
  return Object.fromEntries(Object.entries(view).filter(([key]) => !others.some(({ name: otherName }) => otherName === key)));
}

const overlaps = (field: Field, other: Field): boolean =>
  listPlaces(field).some((path) => listPlaces(other).some((place) => isOverlap({ path }, { path: place })));

const listPlaces = ({ writtenPaths, fields = [] }: Field): WritablePath[] => [...writtenPaths, ...fields.flatMap(listPlaces)];

/** Writes read-only fields, as the server does. */
export function checkServerWrite({ lens }: LoadedShape, resource: Resource, { view, env }: { view: View; env: Env }) {
  const written = lens.write(view, resource, env, { server: true });
  const before = lens.read(resource, env, { all: true });
  const errors = [
    ...findMissing(lens.read(written, env), view, 'after the server wrote, the view'),
    ...findDifferences(lens.read(written, env, { all: true }), { ...before, ...view }, 'after the server wrote, the whole view'),
  ];
  return { settled: written, wrong: errors };
}

/** Writing an item must not change other items of the same resource. */
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
