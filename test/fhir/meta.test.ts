// The sets of a meta: adding and removing profiles, tags and security labels. https://hl7.org/fhir/R4/resource-operation-meta-add.html
import { changeMeta, checkMetaInput, META_CHANGES } from '../../src/fhir/meta.ts';
import fc from '../fast-check.ts';

const patient = (meta?: object) => ({ resourceType: 'Patient', id: 'a', ...(meta && { meta }) });
const tag = (code: string, more: object = {}) => ({ system: 'urn:tags', code, ...more });

test('adding creates no duplicates: system and code identify a coding, version and display do not', () => {
  const stored = patient({ versionId: '3', tag: [tag('a', { display: 'first' })], profile: ['urn:p'] });
  const given = { tag: [tag('a', { version: '2', display: 'second' }), tag('b'), { code: 'a' }], profile: ['urn:p', 'urn:p|1', 'urn:p|1'] };
  expect(changeMeta(stored, given, META_CHANGES.add).meta).toEqual({
    versionId: '3',
    tag: [tag('a', { display: 'first' }), tag('b'), { code: 'a' }],
    profile: ['urn:p', 'urn:p|1'],
  });
});

test('removing ignores what is not there, and removes a set that becomes empty', () => {
  const stored = patient({ source: 'urn:s', tag: [tag('a'), tag('b')], security: [{ code: 'R' }] });
  const given = { tag: [tag('b', { display: 'x' }), tag('c')], security: [{ code: 'R', version: '1' }], profile: ['urn:p'] };
  expect(changeMeta(stored, given, META_CHANGES.delete).meta).toEqual({ source: 'urn:s', tag: [tag('a')] });
});

test('what was added is removed by the same meta, whatever the sets contain', () => {
  const coding = fc.record({ system: fc.constantFrom('urn:a', 'urn:b'), code: fc.constantFrom('x', 'y', 'z') });
  const sets = fc.record({ tag: fc.array(coding, { maxLength: 4 }), security: fc.array(coding, { maxLength: 4 }) });
  const codes = (meta: object | undefined) => JSON.stringify(meta ?? {});
  fc.assert(
    fc.property(sets, (given) => {
      const added = changeMeta(patient(), given, META_CHANGES.add);
      expect(codes(changeMeta(added, given, META_CHANGES.add).meta)).toBe(codes(added.meta));
      expect(codes(changeMeta(added, given, META_CHANGES.delete).meta)).toBe('{}');
    }),
  );
});

test.each<[string, unknown]>([
  ['a text', 'x'],
  ['no set', { versionId: '1' }],
  ['a tag that is not a list', { tag: { code: 'a' } }],
  ['a tag without a code', { tag: [{ system: 'urn:a' }] }],
  ['a profile that is not a text', { profile: [3] }],
  ['a null among the tags', { tag: [null] }],
])('%s is refused with the path', (_what, given) => {
  expect(() => checkMetaInput(given, 'Parameters.parameter[0].valueMeta')).toThrow(
    expect.objectContaining({
      kind: 'structure',
      issues: [expect.objectContaining({ expression: [expect.stringMatching(/^Parameters\.parameter\[0]/)] })],
    }),
  );
});
