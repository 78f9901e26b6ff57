// The laws of a lens: writing what was read changes nothing, reading gives what was written, and what others wrote survives.
import { elementOf } from '../../src/fhir/elements.ts';
import type { Resource } from '../../src/fhir/types.ts';
import { validate } from '../../src/fhir/validate.ts';
import type { Field } from '../../src/projection/field.ts';
import type { LoadedShape } from '../../src/projection/loaded.ts';
import type { Env, View } from '../../src/projection/shape.ts';
import type { FieldSpec } from '../../src/projection/spec.ts';

/** Nothing in it breaks R4. */
export function isValidR4(resource: Resource): void {
  const wrong = validate(resource, resource.resourceType as never).filter(({ severity }) => severity === 'error' || severity === 'fatal');
  expect(wrong).toEqual([]);
}

/** GetPut: for a client, for the server, and for what is shown. */
export function writingBackChangesNothing({ lens }: LoadedShape, resource: Resource, env: Env): void {
  const whole = lens.read(resource, env, { all: true });
  expect(lens.write(whole, resource, env)).toEqual(resource);
  expect(lens.write(whole, resource, env, { server: true })).toEqual(resource);
  expect(lens.write(lens.read(resource, env), resource, env)).toEqual(resource);
  expect(lens.write({}, resource, env, { server: true })).toEqual(resource);
}

/** PutGet among strangers: every field a client may write is changed, and removed, and read again. */
export function readingGivesWhatWasWritten(loaded: LoadedShape, resource: Resource, env: Env): void {
  const { lens, mapping } = loaded;
  const foreign = amongStrangers(resource);
  const whole = lens.read(foreign, env, { all: true });
  for (const { name, spec, fields } of lens.fields) {
    if (spec.readOnly || name === mapping.content.row?.key) continue;
    for (const value of [another({ spec, fields }, whole[name]), null]) {
      if (value === undefined || (value === null && spec.required)) continue;
      const after = lens.write({ ...whole, [name]: value }, foreign, env);
      expect(lens.read(after, env, { all: true })).toEqual({ ...whole, [name]: value ?? unset(spec) });
      strangersSurvive(foreign, after);
      isValidR4(after);
    }
  }
}

/** Read-only fields, put in by the server through the same lens. */
export function theServerWrites({ lens }: LoadedShape, resource: Resource, { view, env }: { view: View; env: Env }): Resource {
  const settled = lens.write(view, resource, env, { server: true });
  expect(lens.read(settled, env)).toMatchObject(view);
  const before = lens.read(resource, env, { all: true });
  expect(lens.read(settled, env, { all: true })).toEqual({ ...before, ...view });
  return settled;
}

/** An item's own fields leave its neighbours in the same resource alone. */
export function neighboursSurvive({ lens, mapping }: LoadedShape, before: Resource, after: Resource): void {
  const { key, each } = mapping.content.row!;
  const list = each.split('.')[0]!;
  const own = lens.leaves.filter(({ written }) => written.some(({ text }) => text.startsWith(list)));
  for (const row of lens.rows!.keys(before)) {
    const [was, is] = [before, after].map((resource) => lens.read(resource, { alias: () => '', [key]: row }));
    for (const { name } of own) expect({ row, name, value: is![name] }).toEqual({ row, name, value: was![name] });
  }
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

/** The resource with a member more in every list the laws know, and elements that no mapping names. */
function amongStrangers(resource: Resource): Resource {
  const known = Object.keys(STRANGERS).filter(
    (name) => elementOf(resource.resourceType, name) && (name !== 'contained' || elementOf(resource.resourceType, 'supportingInfo')),
  );
  const lists = known.map((name) => [name, [...((resource[name] as unknown[]) ?? []), STRANGERS[name]]]);
  const narrative = { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">x</div>' };
  return { ...resource, language: 'en', text: narrative, ...Object.fromEntries(lists) };
}

function strangersSurvive(before: Resource, after: Resource): void {
  for (const [name, stranger] of Object.entries(STRANGERS)) {
    if (((before[name] ?? []) as unknown[]).some((one) => one === stranger)) expect(after[name]).toContain(stranger);
  }
  expect([after.language, after.text]).toEqual([before.language, before.text]);
}

const unset = ({ type }: FieldSpec): unknown => (type === 'string[]' ? [] : type === 'object' ? {} : null);

/** Another value that the field admits; undefined: this law has none for it. */
function another({ spec, fields }: Pick<Field, 'spec'> & { fields: Field[] | undefined }, now: unknown): unknown {
  if (fields)
    return now === null
      ? undefined
      : Object.fromEntries(
          fields.map((field) => [field.name, another({ spec: field.spec, fields: field.fields }, (now as View)[field.name])]),
        );
  const words = spec.enum ?? (spec.codes && Object.keys(spec.codes));
  const word = words?.find((one) => one !== now);
  if (spec.type === 'string[]') return words ? [words.at(-1)] : ['Other', 'Another'];
  if (spec.type === 'object') return { other: '2' };
  if (word !== undefined) return word;
  return VALUES.find(({ of }) => of(spec))!.value;
}

const VALUES: { of(spec: FieldSpec): boolean | undefined; value: string | undefined }[] = [
  { of: ({ as }) => as === 'reference(Practitioner)', value: 'prc_000000000000000009' },
  { of: ({ as }) => as?.startsWith('reference'), value: '0190b3c2-0000-7000-8000-0000000000ff' },
  { of: ({ as }) => as === 'time', value: '01:30' },
  { of: ({ as, format }) => as === 'date' || format === 'date', value: '1970-01-02' },
  { of: ({ format }) => format === 'email', value: 'other@example.com' },
  { of: ({ pattern }) => pattern !== undefined, value: '1999999984' },
  { of: () => true, value: 'Dr Other Word' },
];
