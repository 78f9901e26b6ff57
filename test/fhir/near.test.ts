// The Locations near a position. https://hl7.org/fhir/R4/location.html#search

import { buildBoundingBox, measureSeparation, toGeoPosition, toLongitudeCell, toMaxSeparation } from '../../src/fhir/indexing/geography.ts';
import type { Resource } from '../../src/fhir/types.ts';
import fc from '../fast-check.ts';
import { corpusOf, idsOf, parsed } from './search-corpus.ts';

const at = (id: string, latitude: number, longitude: number): Resource => ({
  resourceType: 'Location',
  id,
  position: { latitude, longitude },
});
const CORPUS = corpusOf([
  at('charite', 52.5265, 13.3777),
  at('gate', 52.5163, 13.3777),
  at('potsdam', 52.3906, 13.0645),
  at('hamburg', 53.5511, 9.9937),
  at('fiji', -17.7134, 178.065),
  at('samoa', -13.759, -172.1046),
  at('pole', 89.9, 10),
  { resourceType: 'Location', id: 'nowhere' },
  { resourceType: 'PractitionerRole', id: 'role', location: [{ reference: 'Location/gate' }] },
]);

test.each<[string, string[]]>([
  ['Location?near=52.5265|13.3777|1|km', ['charite']],
  ['Location?near=52.5265|13.3777|1134|m', ['charite']],
  ['Location?near=52.5265|13.3777|1135|m', ['charite', 'gate']],
  ['Location?near=52.5265|13.3777|0|km', ['charite']],
  ['Location?near=52.5265|13.3777|2', ['charite', 'gate']],
  ['Location?near=52.5265|13.3777|20|mi', ['charite', 'gate', 'potsdam']],
  ['Location?near=52.5265|13.3777|20|[mi_i]', ['charite', 'gate', 'potsdam']],
  // no distance: 50 km
  ['Location?near=52.5265|13.3777', ['charite', 'gate', 'potsdam']],
  ['Location?near=52.5265|13.3777||mi', ['charite', 'gate', 'potsdam']],
  ['Location?near=52.5265|13.3777|300|km', ['charite', 'gate', 'potsdam', 'hamburg']],
  // over the line where the day changes, and over the pole
  ['Location?near=-17.7|179.9|200|km', ['fiji']],
  ['Location?near=-15|-178|700|km', ['fiji', 'samoa']],
  ['Location?near=89.9|-170|30|km', ['pole']],
  ['Location?near=0|0|20100|km', ['charite', 'gate', 'potsdam', 'hamburg', 'fiji', 'samoa', 'pole']],
  // one of several, and at the end of a chain
  ['Location?near=53.55|10|5|km,52.5163|13.3777|10|m', ['gate', 'hamburg']],
  ['PractitionerRole?location.near=52.5265|13.3777|2|km', ['role']],
])('%s', (search, ids) => {
  expect(idsOf(search.replaceAll('|', '%7C'), CORPUS)).toEqual(ids);
});

test.each([
  '52',
  '52|',
  'north|13',
  '91|13',
  '52|13|far',
  '52|13|-1|km',
  '52|13|1|parsec',
  '52|13|1|kg',
  '52|13|1|km|x',
  'Infinity|0',
  '0x10|0',
])('near=%s is refused with the syntax', (value) => {
  expect(() => parsed(`Location?near=${encodeURIComponent(value)}`)).toThrow('near must be latitude|longitude|distance|units');
});

test('a special parameter takes no modifier', () => {
  expect(() => parsed('Location?near:missing=true')).toThrow('near takes no modifier :missing');
});

const place = fc
  .tuple(fc.double({ min: -90, max: 90, noNaN: true }), fc.double({ min: -400, max: 400, noNaN: true }))
  .map(([latitude, longitude]) => toGeoPosition(latitude, longitude)!);

test('every position in a circle is in its bounding box', () => {
  fc.assert(
    fc.property(place, place, fc.double({ min: 0, max: 2.1e7, noNaN: true }), (centre, other, meters) => {
      const circle = { ...centre, meters };
      fc.pre(measureSeparation(centre, other) <= toMaxSeparation(circle));
      const { cells, south, north } = buildBoundingBox(circle);
      expect(other.latitude).toBeGreaterThanOrEqual(south - 1e-9);
      expect(other.latitude).toBeLessThanOrEqual(north + 1e-9);
      if (cells) expect(cells).toContain(toLongitudeCell(other));
    }),
    { numRuns: 2000 },
  );
});

test('longitudes beyond ±180 are normalized', () => {
  expect(toGeoPosition(1, 190)).toEqual({ latitude: 1, longitude: -170 });
  expect(toGeoPosition(1, 180)).toEqual({ latitude: 1, longitude: -180 });
  expect(toGeoPosition(1, -540)).toEqual({ latitude: 1, longitude: -180 });
  expect(toGeoPosition(90.1, 0)).toBeUndefined();
});
