// Every accepted value is returned as sent, from a resource that is valid R4. Rules between several elements, such as a period that ends before it starts, are
// checked by FHIR's invariants at the write.

import { validateResource } from '../../src/fhir/validation/validate.ts';
import type { Field } from '../../src/mapping/lens/field.ts';
import { isUnset, toUnsetValue } from '../../src/mapping/lens/lens-read.ts';
import { EXAMPLE_TIME } from '../../src/mapping/load/examples.ts';
import { buildRequestFields } from '../../src/mapping/request/batch-create.ts';
import { isWritableIn } from '../../src/mapping/request/json-schema.ts';
import { readRequestItems } from '../../src/mapping/request/request-items.ts';
import type { View } from '../../src/mapping/shape.ts';
import type { FieldSpec } from '../../src/mapping/spec.ts';
import fc from '../fast-check.ts';
import { buildExampleEnv, shapes, toQualifiedName } from './examples.ts';

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 });
const name = fc
  .array(fc.oneof(fc.constantFrom('Dr.', 'Maria', 'de', 'la', 'Cruz', ',', 'MD', 'III', ' ', '\u00a0', 'VAN', "O'Neil"), text), {
    minLength: 1,
    maxLength: 6,
  })
  .map((words) => words.join(' '));

/** Values of a field, right ones mostly. */
function valuesFor({ spec, fields, members, codec, paths }: Field): fc.Arbitrary<unknown> {
  if (fields) return objectOf(fields);
  if (members) return fc.array(objectOf(members), { maxLength: 3 });
  const words = spec.enum ?? codec.words;
  if (codec.targets) {
    const [type, ...more] = codec.targets;
    const reference = fc.uuid().map((id) => (more.length ? `${type}/${id}` : id));
    return spec.type === 'string[]' ? fc.array(reference, { minLength: spec.minItems ?? 0, maxLength: 4 }) : reference;
  }
  if (spec.as === 'concept')
    return fc.oneof(text, fc.record({ system: fc.webUrl(), code: fc.stringMatching(/^[a-z0-9]{1,9}$/), display: text }));
  if (spec.type === 'string[]') return fc.array(words ? fc.constantFrom(...words) : text, { maxLength: 4 });
  if (spec.as === 'json') return fc.dictionary(text, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 });
  if (spec.type === 'object') return fc.dictionary(text, text, { maxKeys: 3 });
  if (spec.type === 'boolean') return fc.boolean();
  if (spec.type === 'number') return fc.double({ min: -180, max: 180, noNaN: true }).filter((value) => !Object.is(value, -0));
  if (spec.type === 'integer') return fc.integer({ min: spec.minimum ?? 1, max: spec.maximum ?? 1000 });
  if (spec.pattern !== undefined) return fc.stringMatching(new RegExp(spec.pattern));
  if (spec.format === 'date-time') return BY_TYPE.instant!;
  return words ? fc.constantFrom(...words) : (BY_TYPE[paths[0]!.type] ?? BY_RULE.find(({ of }) => of(spec))!.values);
}

const day = fc
  .date({ min: new Date('0001-01-01'), max: new Date('2025-12-31'), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10));
const BY_TYPE: Record<string, fc.Arbitrary<unknown>> = {
  date: day,
  dateTime: day,
  instant: day.map((date) => `${date}T00:00:00.000Z`),
  url: fc.webUrl(),
  base64Binary: fc.base64String({ minLength: 4, maxLength: 40 }),
};

const BY_RULE: { of(spec: FieldSpec): boolean | undefined; values: fc.Arbitrary<unknown> }[] = [
  {
    of: ({ as }) => as?.startsWith('time'),
    values: fc.tuple(fc.nat(23), fc.nat(59)).map((parts) => parts.map((part) => String(part).padStart(2, '0')).join(':')),
  },
  {
    of: ({ as, format }) => as === 'date' || format === 'date',
    values: day,
  },
  { of: ({ format }) => format === 'email', values: fc.emailAddress() },
  { of: ({ maxLength }) => maxLength === 2, values: fc.stringMatching(/^[A-Za-z]{2}$/) },
  { of: ({ derived }) => derived !== undefined, values: name },
  { of: ({ maxLength = 99 }) => maxLength < 40, values: text.filter((value) => value.length <= 20) },
  { of: () => true, values: text },
];

const objectOf = (fields: Field[]): fc.Arbitrary<View> => {
  const writable = fields.filter(isWritableIn('create'));
  return fc
    .record(Object.fromEntries(writable.map((field) => [field.name, valuesFor(field)])), {
      requiredKeys: writable.filter(({ spec }) => spec.required).map((field) => field.name),
    })
    .map((view) => writable.reduce(inOneForm, writable.reduce(inOrder, view)));
};

/** Of two forms of one value, the first. */
function inOneForm(view: View, { name, spec: { instead } }: Field): View {
  if (instead === undefined || !(instead in view && name in view)) return view;
  const { [name]: _, ...rest } = view;
  return rest;
}

/** An end that came out before its start changes places with it. */
function inOrder(view: View, { name: end, spec: { notBefore: start } }: Field): View {
  const isReversed = start !== undefined && String(view[end]) < String(view[start]) && end in view && start in view;
  return isReversed ? { ...view, [end]: view[start], [start]: view[end] } : view;
}

const writable = shapes.filter(({ shape }) => shape.interactions.includes('create'));

test.each(writable.map((loaded) => [toQualifiedName(loaded), loaded] as const))('%s', (_name, { shape, lens, mapping }) => {
  let admitted = 0;
  fc.assert(
    fc.property(objectOf(buildRequestFields(lens.fields, mapping.content.many)), (sent) => {
      if (shape.checkRequest(sent, EXAMPLE_TIME).length) return;
      admitted++;
      for (const item of readRequestItems(shape, sent)) {
        const env = buildExampleEnv({ newId: '0190b3c2-0000-7000-8000-000000000001', now: EXAMPLE_TIME });
        const resource = { ...shape.write(item, undefined, env), id: '0190b3c2-0000-7000-8000-000000000001' };
        const view = shape.read(resource, env, { all: true });
        for (const field of lens.fields.filter(({ name }) => name in item && !isSaidElsewhere(name, item, lens.fields)))
          expect(view[field.name]).toEqual(shownAs(field, item[field.name]));
        expect(
          validateResource(resource, shape.resource).filter(({ severity, code }) => severity === 'error' && code !== 'invariant'),
        ).toEqual([]);
        expect(shape.write(view, resource, env)).toEqual(resource);
      }
    }),
    { numRuns: 300, seed: 20261121 },
  );
  expect(admitted).toBeGreaterThan(100);
});

/** Nothing in one spelling, and something in another. */
const isSaidElsewhere = (name: string, request: View, fields: Field[]): boolean => {
  const place = (field: Field) => field.spec.shares ?? field.name;
  const own = place(fields.find((field) => field.name === name)!);
  return isUnset(request[name]) && fields.some((other) => other.name !== name && place(other) === own && !isUnset(request[other.name]));
};

/** Objects show their missing fields, an id is shown in the surface's own spelling, a time without seconds that are none. */
function shownAs({ spec, fields, members, codec }: Field, value: unknown): unknown {
  if (value === null || isUnset(value)) return toUnsetValue(spec);
  if (members) return (value as View[]).map((item) => filled(members, item));
  if (fields) return filled(fields, value as View);
  const read = (value: unknown): unknown => codec.read(codec.write(value, buildExampleEnv()), buildExampleEnv());
  if (codec.targets) return Array.isArray(value) ? value.map(read) : read(value);
  return spec.as?.startsWith('time') ? read(value) : value;
}

const filled = (fields: Field[], value: View): unknown => {
  const shownText = fields.map((field) => [field.name, shownAs(field, value[field.name])] as const);
  return Object.fromEntries(shownText);
};
