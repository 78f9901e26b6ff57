import { toUuidAlias } from '../../src/fhir/indexing/uuid-alias.ts';
import { buildIdCodec } from '../../src/mapping/lens/id-codec.ts';
import fc from '../fast-check.ts';

const env = { alias: (type: string, id: string) => toUuidAlias(1, type, id) };
const prefixed = buildIdCodec({ ids: { width: 18, prefixes: { Practitioner: 'prc_' } } });
const codec = buildIdCodec({});

test('the documented ids are UUIDs with a prefix', () => {
  expect(prefixed.decodeId('Practitioner', 'prc_03kz6m1o4p5r7s9t0u')).toBe('00000000-0017-95f9-2914-0eaadd36032e');
  expect(prefixed.encodeId('Practitioner', '00000000-0017-95f9-2914-0eaadd36032e', env)).toBe('prc_03kz6m1o4p5r7s9t0u');
});

test('every UUID is written and read back, with a prefix and without', () => {
  fc.assert(
    fc.property(fc.uuid(), (uuid) => {
      for (const ids of [prefixed, codec]) {
        const text = ids.encodeId('Practitioner', uuid, env);
        expect(ids.decodeId('Practitioner', text)).toBe(uuid);
        expect(text).toMatch(/^[A-Za-z0-9_.-]{1,128}$/);
      }
    }),
    { seed: 1 },
  );
  for (const uuid of ['ffffffff-ffff-ffff-ffff-ffffffffffff', '00000000-0000-0000-0000-000000000000'])
    expect(prefixed.decodeId('Practitioner', prefixed.encodeId('Practitioner', uuid, env))).toBe(uuid);
});

test('any other id is shown as its UUID alias', () => {
  for (const ids of [prefixed, codec]) {
    const text = ids.encodeId('Practitioner', 'dr-who', env);
    expect(ids.decodeId('Practitioner', text)).toBe(toUuidAlias(1, 'Practitioner', 'dr-who'));
  }
  const capitals = 'ABCDEF00-0000-4000-8000-000000000000';
  expect(codec.encodeId('Patient', capitals, env)).toBe(toUuidAlias(1, 'Patient', capitals));
});

test('a UUID without prefix is accepted in upper and lower case', () => {
  expect(prefixed.decodeId('Practitioner', '0190B3C2-0000-7000-8000-00000000000A')).toBe('0190b3c2-0000-7000-8000-00000000000a');
});

test.each([
  '',
  'prc_',
  'prc_1',
  'prr_000000000000000001',
  `prc_${'0'.repeat(19)}`,
  `prc_${'z'.repeat(25)}`,
  `prc_${'1'.repeat(30)}`,
  'prc_00000000000000000A',
  'dr-who',
  'urn:uuid:0190b3c2-0000-7000-8000-00000000000a',
  '__proto__',
])('%j is not an id', (text) => {
  expect(prefixed.decodeId('Practitioner', text)).toBeUndefined();
});
