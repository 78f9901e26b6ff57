// The schemas of the mappings equal the vendors' printed schemas.
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { EXAMPLE_TIME } from '../../src/mapping/load/examples.ts';
import { INBOUND_MAPPING_SCHEMA, MAPPING_SCHEMA, SURFACE_SCHEMA } from '../../src/mapping/load/file-grammar.ts';
import { buildExampleEnv, examplesOf, printedOf, shapes, toQualifiedName } from './examples.ts';

const compile = (schema: object) => {
  const ajv = new Ajv2020({ allowUnionTypes: true });
  (addFormats as unknown as (ajv: Ajv2020) => void)(ajv);
  return ajv.compile(schema);
};
const byVendor = (vendor: string) =>
  shapes.filter(({ shape }) => shape.surface.name === vendor).map((loaded) => [loaded.shape.name, loaded] as const);

describe.each(byVendor('loop'))('loop %s', (_name, loaded) => {
  const runTest = loaded.shape.interactions.some((interaction) => interaction === 'create' || interaction === 'perform') ? test : test.skip;
  runTest('the request schema is the printed one', () => {
    const { $schema, ...request } = loaded.shape.requestSchema as Record<string, unknown>;
    expect($schema).toBe('https://json-schema.org/draft/2020-12/schema');
    expect(request).toEqual(printedOf(loaded).request);
  });

  const own = loaded.shape.responseShape === undefined ? test : test.skip;
  own('every documented response validates against the printed schema, key by key', () => {
    const accepts = compile(printedOf(loaded).response);
    const responses = examplesOf(loaded).flatMap(({ response }) => response ?? []);
    expect(responses.length).toBeGreaterThan(0);
    for (const response of responses) expect([accepts(response), accepts.errors]).toEqual([true, null]);
    expect(Object.keys((printedOf(loaded).response as { properties: object }).properties)).toEqual(Object.keys(responses[0]!));
  });
});

test.each(shapes.map((loaded) => [toQualifiedName(loaded), loaded] as const))(
  '%s: every response of an example validates against the response schema, which requires every key that is always shown',
  (_name, loaded) => {
    const schema = loaded.shape.responseSchema as { required: string[] };
    const accepts = compile(schema);
    for (const { response } of examplesOf(loaded)) {
      if (!response) continue;
      expect([accepts(response), accepts.errors]).toEqual([true, null]);
      const always = Object.keys(response).filter((key) => loaded.mapping.content.fields[key]!.omit === undefined);
      expect(schema.required).toEqual(always);
      for (const key of schema.required) expect(accepts({ ...response, [key]: undefined })).toBe(false);
    }
  },
);

test.each<[string, object]>([
  ...shapes.flatMap((loaded): [string, object][] => [
    [`a new ${toQualifiedName(loaded)}`, loaded.shape.requestSchema],
    [`a changed ${toQualifiedName(loaded)}`, loaded.shape.changeSchema],
    [`a replaced ${toQualifiedName(loaded)}`, loaded.shape.replaceSchema],
  ]),
  ['a mapping', MAPPING_SCHEMA],
  ['a mapping inward', INBOUND_MAPPING_SCHEMA],
  ['a surface', SURFACE_SCHEMA],
])('the schema of %s is valid by the meta-schema', (_name, schema) => {
  const ajv = new Ajv2020();
  expect([ajv.validateSchema(schema), ajv.errors]).toEqual([true, null]);
});

test('the view of an empty resource is valid by its schema', () => {
  for (const { shape } of shapes) {
    const view = shape.read(
      { resourceType: shape.resource, id: '0190b3c2-0000-7000-8000-000000000001', meta: { lastUpdated: '2026-01-01T00:00:00.000Z' } },
      buildExampleEnv({ created: '2026-01-01T00:00:00.000Z', roles: [] }),
    );
    const accepts = compile(shape.responseSchema);
    const view2 = shape.rows ? { ...view, id: '0190b3c2-0000-7000-8000-000000000001', [shape.rows.name]: 'NY' } : view;
    expect([shape.name, accepts(view2) || !shape.isItem(view)]).toEqual([shape.name, true]);
  }
});

test('null is accepted only from clients of a vendor that documents null', () => {
  const clinik = shapes.find(({ shape }) => shape.name === 'practitioner-role')!;
  expect(
    clinik.shape.checkRequest({ practitionerId: 'prc_000000000000000001', role: 'doctor', email: null, specialty: null }, EXAMPLE_TIME),
  ).toEqual([]);
  const patient = shapes.find(({ shape }) => shape.name === 'patient')!.shape;
  expect(patient.checkRequest({ brand_id: 'loop', first_name: 'Ada', last_name: 'Lovelace', email: null }, EXAMPLE_TIME)).toHaveLength(1);
});

test('unknown keys of a body are ignored at any depth, and maps with free keys are kept completely', () => {
  const order = shapes.find(({ shape }) => shape.name === 'lab-order')!.shape;
  expect(
    order.pickKnownFields({ brand_id: 'loop', id: 'x', status: 'completed', patient: { first_name: 'A', ssn: '1' }, constructor: 1 }),
  ).toEqual({
    brand_id: 'loop',
    patient: { first_name: 'A' },
  });
  const patient = shapes.find(({ shape }) => shape.name === 'patient')!.shape;
  expect(patient.pickKnownFields({ metadata: { a: { b: 1 } }, external_ids: { x: '1' } })).toEqual({
    metadata: { a: { b: 1 } },
    external_ids: { x: '1' },
  });
});

test('each invalid field is named once, all in one response', () => {
  const physician = shapes.find(({ shape }) => shape.name === 'physician')!.shape;
  const named = physician
    .checkRequest({ name: ' ', email: '', npi: 7, license_state: 'NYC' }, EXAMPLE_TIME)
    .map(({ expression }) => expression![0]);
  expect(named.sort()).toEqual(['email', 'license_state', 'name', 'npi', 'state_license']);
});
