// Published packages are read from an archive and from a folder, and refused in one sentence if invalid.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { readPackage } from '../../src/cli/fhir-package.ts';
import { usCoreDefinitions } from '../fhir/profile-us-core.ts';
import { type PackageContent, writeFolder, writeTgz } from '../journeys/fhir-packages.ts';

const folder = mkdtempSync(join(tmpdir(), 'facet-packages-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);

const profiles = Object.fromEntries(
  usCoreDefinitions().map((definition) => [
    `StructureDefinition-${definition.url.split('/').pop()}.json`,
    { ...definition, text: { div: 'x' } },
  ]),
);
const content: PackageContent = {
  name: 'org.example',
  version: '1.2.0',
  depends: { 'hl7.fhir.r4.core': '4.0.1' },
  files: {
    ...profiles,
    [`CodeSystem-${'very-'.repeat(25)}long-name.json`]: {
      resourceType: 'CodeSystem',
      url: 'urn:long',
      content: 'complete',
      concept: [{ code: 'a', display: 'A' }],
    },
    'StructureDefinition-Patient.json': {
      resourceType: 'StructureDefinition',
      url: 'urn:patient',
      type: 'Patient',
      derivation: 'specialization',
    },
    'SearchParameter-x.json': { resourceType: 'SearchParameter', url: 'urn:x' },
    'example/Patient-example.json': { resourceType: 'Patient' },
    'notes.txt': 'no JSON',
  },
};

test('an archive and its unpacked folder yield the same definitions, reduced to the elements that validation and the terminology operations use', () => {
  const packed = readPackage(writeTgz(at('a.tgz'), content));
  const same = (other: unknown) => JSON.stringify(other) === JSON.stringify(packed);
  expect([readPackage(writeFolder(at('a'), content)), readPackage(at('a/package'))].map(same)).toEqual([true, true]);
  const { package: read, unused } = packed;
  expect([read.name, read.version, read.depends, unused]).toEqual(['org.example', '1.2.0', { 'hl7.fhir.r4.core': '4.0.1' }, 2]);
  expect(Map.groupBy(read.definitions, ({ kind }) => kind).get('StructureDefinition')).toHaveLength(usCoreDefinitions().length);
  expect(read.definitions.find(({ url }) => url === 'urn:long')?.body).toBe(
    '{"resourceType":"CodeSystem","url":"urn:long","content":"complete","concept":[{"code":"a","display":"A"}]}',
  );
  expect(read.definitions.map(({ body }) => body).join()).not.toMatch(/"text":|"short":|"definition":/);
});

test('an archive that a browser or proxy has decompressed is read', () => {
  const packed = writeTgz(at('a.tgz'), content);
  writeFileSync(at('a.tar'), gunzipSync(readFileSync(packed)));
  expect(readPackage(at('a.tar'))).toEqual(readPackage(packed));
});

function cutOff(): string {
  const whole = gunzipSync(readFileSync(writeTgz(at('whole.tgz'), content)));
  writeFileSync(at('cut.tgz'), gzipSync(whole.subarray(0, whole.length - 3000)));
  return at('cut.tgz');
}
function cutOffCompressed(): string {
  const whole = readFileSync(writeTgz(at('whole.tgz'), content));
  writeFileSync(at('half.tgz'), whole.subarray(0, whole.length / 2));
  return at('half.tgz');
}
const tgz = (name: string, files: Record<string, unknown>, more: Partial<PackageContent> = {}) =>
  writeTgz(at(name), { ...content, files, ...more });
const profile = Object.values(profiles)[0];

test.each<[string, () => string, RegExp]>([
  ['no such path', () => at('nowhere'), /^there is no file or folder .*nowhere$/],
  [
    'a folder that is no package',
    () => 'src',
    /^src has no package\/package\.json: a FHIR package is a \.tgz in npm form, or the folder it unpacks to$/,
  ],
  ['a file that is no archive', () => 'package.json', /^package\.json is not a \.tgz archive, or it is truncated: download it again$/],
  ['an archive that is cut off', cutOff, /cut\.tgz is not a \.tgz archive, or it is truncated: download it again$/],
  ['a compressed file that is cut off', cutOffCompressed, /half\.tgz is not a \.tgz archive, or it is truncated: download it again$/],
  [
    'another FHIR',
    () => tgz('r5.tgz', { 'a.json': profile }, { fhirVersions: ['5.0.0'] }),
    /^org\.example#1\.2\.0 is for FHIR 5\.0\.0, and this server supports R4/,
  ],
  ['broken JSON', () => tgz('json.tgz', { 'a.json': '{' }), /^a\.json in the package is not JSON$/],
  [
    'no url',
    () => tgz('url.tgz', { 'a.json': { resourceType: 'ValueSet' } }),
    /^a\.json in the package cannot be used: a ValueSet has no url$/,
  ],
  ['no type', () => tgz('type.tgz', { 'a.json': { resourceType: 'StructureDefinition', url: 'urn:a' } }), /urn:a has no type$/],
  [
    'nothing to check with',
    () => tgz('none.tgz', { 'a.json': { resourceType: 'Patient' } }),
    /has no StructureDefinition, ValueSet, CodeSystem or ConceptMap/,
  ],
  ['no name', () => tgz('name.tgz', { 'a.json': profile }, { name: undefined as never }), /has no name and version$/],
])('%s is refused', (_what, path, error) => {
  expect(() => readPackage(path())).toThrow(error);
});
