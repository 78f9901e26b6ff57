// The terminology operations over a loaded package. https://hl7.org/fhir/R4/terminology-service.html
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPackage } from '../../src/cli/fhir-package.ts';
import { addPackage } from '../../src/store/definitions.ts';
import { writeFolder } from './fhir-packages.ts';
import { type Running, startFacet } from './running-server.ts';

let facet: Running;
const [SYSTEM, SET, MAP] = ['http://p.test/colours', 'http://p.test/warm', 'http://p.test/map'];
const facts = { status: 'active', version: '3', name: 'Colours', description: 'is not kept' };
const folder = mkdtempSync(join(tmpdir(), 'facet-package-'));
beforeAll(async () => {
  facet = await startFacet();
  const files = {
    'CodeSystem-colours.json': {
      resourceType: 'CodeSystem',
      ...facts,
      url: SYSTEM,
      content: 'complete',
      property: [{ code: 'warm', type: 'boolean' }],
      concept: [
        { code: 'red', display: 'Red', designation: [{ language: 'de', value: 'Rot' }], property: [{ code: 'warm', valueBoolean: true }] },
        { code: 'blue', display: 'Blue', property: [{ code: 'warm', valueBoolean: false }] },
      ],
    },
    'ValueSet-warm.json': {
      resourceType: 'ValueSet',
      ...facts,
      url: SET,
      compose: { include: [{ system: SYSTEM, filter: [{ property: 'warm', op: '=', value: 'true' }] }] },
    },
    'ConceptMap-map.json': {
      resourceType: 'ConceptMap',
      ...facts,
      url: MAP,
      group: [
        { source: SYSTEM, target: 'http://p.test/hex', element: [{ code: 'red', target: [{ code: 'f00', equivalence: 'equivalent' }] }] },
      ],
    },
  };
  const read = readPackage(writeFolder(folder, { name: 'test.colours', version: '3.0.0', files }));
  await addPackage(facet.store.database, read.package, '2026-01-01T00:00:00.000Z');
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await facet.close();
});

const get = async (path: string) => (await facet.fhir('get', path).expect(200)).body;

test('displays, designations, properties and filters on properties of a package are used', async () => {
  const { name, version, expansion } = await get(`/ValueSet/$expand?url=${SET}&includeDesignations=true`);
  expect([name, version, expansion.contains]).toEqual([
    'Colours',
    '3',
    [{ system: SYSTEM, version: '3', code: 'red', display: 'Red', designation: [{ language: 'de', value: 'Rot' }] }],
  ]);
  const { parameter } = await get(`/CodeSystem/$lookup?system=${SYSTEM}&code=blue&property=warm`);
  expect(parameter).toEqual([
    { name: 'name', valueString: 'Colours' },
    { name: 'version', valueString: '3' },
    { name: 'display', valueString: 'Blue' },
    {
      name: 'property',
      part: [
        { name: 'code', valueCode: 'warm' },
        { name: 'value', valueBoolean: false },
      ],
    },
  ]);
});

test('a concept map of a package translates by its URL; a stored one with this URL precedes it', async () => {
  const translate = async () => JSON.stringify(await get(`/ConceptMap/$translate?url=${MAP}&system=${SYSTEM}&code=red`));
  expect(await translate()).toContain('"code":"f00"');
  const own = {
    resourceType: 'ConceptMap',
    id: 'own',
    url: MAP,
    status: 'active',
    group: [{ source: SYSTEM, target: 'http://p.test/hex', element: [{ code: 'red', target: [{ code: 'own', equivalence: 'equal' }] }] }],
  };
  await facet.put(own).expect(201);
  expect(await translate()).toContain('"code":"own"');
});
