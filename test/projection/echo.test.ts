// Whatever a client sends that is admitted comes back as it was sent, from a resource that is valid R4.
import fc from 'fast-check';
import { validate } from '../../src/fhir/validate.ts';
import type { Field } from '../../src/projection/field.ts';
import type { View } from '../../src/projection/shape.ts';
import type { FieldSpec } from '../../src/projection/spec.ts';
import { envOf, nameOf, shapes } from './examples.ts';

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 });
const name = fc
  .array(fc.oneof(fc.constantFrom('Dr.', 'Maria', 'de', 'la', 'Cruz', ',', 'MD', 'III', ' ', '\u00a0', 'VAN', "O'Neil"), text), {
    minLength: 1,
    maxLength: 6,
  })
  .map((words) => words.join(' '));

/** Values of a field, right ones mostly. */
function valuesFor({ spec, fields, codec }: Field): fc.Arbitrary<unknown> {
  if (fields) return objectOf(fields);
  const words = spec.enum ?? codec.words;
  if (spec.type === 'string[]') return fc.array(words ? fc.constantFrom(...words) : text, { maxLength: 4 });
  if (spec.as === 'json') return fc.dictionary(text, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 });
  if (spec.type === 'object') return fc.dictionary(text, text, { maxKeys: 3 });
  return words ? fc.constantFrom(...words) : BY_RULE.find(({ of }) => of(spec))!.values;
}

const BY_RULE: { of(spec: FieldSpec): boolean | undefined; values: fc.Arbitrary<unknown> }[] = [
  { of: ({ as }) => as?.startsWith('reference'), values: fc.uuid() },
  {
    of: ({ as }) => as === 'time',
    values: fc.tuple(fc.nat(23), fc.nat(59)).map((parts) => parts.map((one) => String(one).padStart(2, '0')).join(':')),
  },
  {
    of: ({ as, format }) => as === 'date' || format === 'date',
    values: fc
      .date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
      .map((day) => day.toISOString().slice(0, 10)),
  },
  { of: ({ format }) => format === 'email', values: fc.emailAddress() },
  { of: ({ pattern }) => pattern !== undefined, values: fc.stringMatching(/^[0-9]{10}$/) },
  { of: ({ maxLength }) => maxLength === 2, values: fc.stringMatching(/^[A-Za-z]{2}$/) },
  { of: ({ derived }) => derived !== undefined, values: name },
  { of: () => true, values: text },
];

const objectOf = (fields: Field[]): fc.Arbitrary<View> => {
  const asked = fields.filter(({ spec }) => !spec.readOnly);
  return fc.record(Object.fromEntries(asked.map((field) => [field.name, valuesFor(field)])), {
    requiredKeys: asked.filter(({ spec }) => spec.required).map((field) => field.name),
  });
};

const writable = shapes.filter(({ shape }) => shape.interactions.includes('create'));

test.each(writable.map((loaded) => [nameOf(loaded), loaded] as const))('%s', (_name, { shape, lens }) => {
  let admitted = 0;
  fc.assert(
    fc.property(objectOf(lens.fields), (request) => {
      if (shape.check(request).length) return;
      admitted++;
      const env = envOf({ newId: '0190b3c2-0000-7000-8000-000000000001', now: '2026-01-01T00:00:00.000Z' });
      const resource = { ...shape.write(request, undefined, env), id: '0190b3c2-0000-7000-8000-000000000001' };
      const view = shape.read(resource, env, { all: true });
      for (const [key, value] of Object.entries(request)) if (key !== 'practitionerId') expect(view[key]).toEqual(shownAs(value));
      expect(validate(resource, shape.resource).filter(({ severity }) => severity === 'error')).toEqual([]);
      expect(shape.write(view, resource, env)).toEqual(resource);
    }),
    { numRuns: 300, seed: 20261121 },
  );
  expect(admitted).toBeGreaterThan(100);
});

/** Objects show their missing fields as null. */
const shownAs = (value: unknown): unknown =>
  value !== null && typeof value === 'object' && !Array.isArray(value) && 'line1' in value ? { line2: null, ...value } : value;
