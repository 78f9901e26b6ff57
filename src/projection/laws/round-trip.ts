// The laws of a lens: writing what was read changes nothing, reading gives what was written, and what others wrote survives. Each answers with what is
// wrong; nothing means that it holds.
import { elementOf } from '../../fhir/elements.ts';
import type { Path } from '../../fhir/path/path.ts';
import type { Resource } from '../../fhir/types.ts';
import { validate } from '../../fhir/validation/validate.ts';
import type { Field } from '../lens/field.ts';
import type { Lens } from '../lens/lens.ts';
import { unsetOf } from '../lens/lens-read.ts';
import { isOverlap } from '../lens/overlap.ts';
import { inOneForm } from '../lens/sharing.ts';
import type { LoadedShape } from '../load/loaded.ts';
import type { Env, View } from '../shape.ts';
import { anotherValue, type Samples } from './another-value.ts';
import { differences, missing } from './difference.ts';

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

/** PutGet among strangers: every field a client may write is changed, and removed, and read again. */
export function readingGivesWhatWasWritten(
  { lens, mapping }: LoadedShape,
  resource: Resource,
  { env, samples }: { env: Env; samples: Samples },
): string[] {
  const foreign = amongStrangers(resource, lens);
  const whole = lens.read(foreign, env, { all: true });
  const apart = (view: View, field: Field): View => withoutSharers(view, field, lens.fields);
  const writable = lens.fields.filter(({ name, spec }) => !spec.readOnly && name !== mapping.content.row?.key);
  return writable.flatMap((field) => {
    const { name, spec } = field;
    const values = [anotherValue(field, whole[name], samples), ...(spec.required ? [] : [null])];
    return values
      .filter((value) => value !== undefined)
      .flatMap((value) => {
        const next = { ...whole, ...inOneForm({ [name]: value }, lens.fields) };
        const after = lens.write(next, foreign, env);
        const view = lens.read(after, env, { all: true });
        return [
          ...differences(
            apart(view, field),
            apart({ ...next, [name]: value ?? unsetOf(spec) }, field),
            `after ${name} was written, the view`,
          ),
          ...strangersSurvive(foreign, after, field),
          ...validR4(after),
        ];
      });
  });
}

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
  const { key, each } = mapping.content.row!;
  const list = each.split('.')[0]!;
  const own = lens.leaves.filter(({ written }) => written.some(({ text }) => text.startsWith(list)));
  const neighbours = lens.rows!.keys(before).filter((row) => row !== lens.rows!.of(request));
  return neighbours.flatMap((row) => {
    const [was, is] = [before, after].map((resource) => lens.read(resource, { alias: () => '', [key]: row })) as [View, View];
    const known = own.filter(({ name, spec }) => !spec.own || (was[name] ?? '') !== '');
    return known.flatMap(({ name }) => differences(is[name], was[name], `${name} of the neighbour ${row}`));
  });
}

const STRANGERS: Record<string, unknown> = {
  identifier: { system: 'urn:stranger', value: '1' },
  telecom: { system: 'url', value: 'https://stranger.example' },
  qualification: { code: { text: 'Stranger' } },
  contained: { resourceType: 'Organization', id: 'stranger', name: 'x' },
  supportingInfo: { reference: '#stranger' },
  specialty: { coding: [{ system: 'urn:stranger', code: 's' }] },
  extension: { url: 'urn:stranger', valueString: 'x' },
};

/** The resource with a member more in every list the laws know, and elements that no mapping names. A list of objects owns all members, unless it says which. */
function amongStrangers(resource: Resource, lens: Lens): Resource {
  const owned = lens.lists.filter(({ list }) => list.spec.where === undefined).map(({ list }) => list.spec.list);
  const known = Object.keys(STRANGERS).filter(
    (name) =>
      !owned.includes(name) &&
      elementOf(resource.resourceType, name) &&
      (name !== 'contained' || elementOf(resource.resourceType, 'supportingInfo')),
  );
  const lists = known.map((name) => [name, [...((resource[name] as unknown[]) ?? []), STRANGERS[name]]]);
  const narrative = { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">x</div>' };
  return { ...resource, language: 'en', text: narrative, ...Object.fromEntries(lists) };
}

/** A field of the first member of a list (`first()`) has that one, whoever put it there. */
function strangersSurvive(before: Resource, after: Resource, { name: field, written }: Field): string[] {
  const firsts = written.flatMap(({ steps: [step] }) => (step?.index === undefined ? [] : [step.name]));
  const lost = Object.entries(STRANGERS).filter(
    ([name, stranger]) =>
      !firsts.includes(name) &&
      ((before[name] ?? []) as unknown[]).includes(stranger) &&
      !((after[name] ?? []) as unknown[]).includes(stranger),
  );
  const changed = ['language', 'text'].filter((name) => before[name] !== after[name]);
  return [...lost.map(([name]) => name), ...changed].map((name) => `writing ${field} changed ${name}, which is somebody else's`);
}

/** How a field without a value is shown. */
