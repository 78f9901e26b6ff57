// Dates and times in a vendor's format, read and written by the declared pattern.

import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildCodec } from '../../src/mapping/lens/codecs.ts';
import { compileDatePattern } from '../../src/mapping/lens/date-pattern.ts';
import { buildIdCodec } from '../../src/mapping/lens/id-codec.ts';
import { loadShapes } from '../../src/mapping/load/check-mappings.ts';
import { buildExampleEnv, EXAMPLE_TIME } from '../../src/mapping/load/examples.ts';
import type { Shape } from '../../src/mapping/shape.ts';
import fc from '../fast-check.ts';
import { profiles, registry } from './examples.ts';

const env = { alias: (_type: string, id: string) => id };
const codec = (as: string) => buildCodec({ as }, { aliases: {}, ids: buildIdCodec({}), resource: 'Patient' });

describe.each([
  ['date(MM/DD/YYYY)', '12/10/1985', '1985-12-10'],
  ['date(DD.MM.YYYY)', '10.12.1985', '1985-12-10'],
  ['date(YYYYMMDD)', '19851210', '1985-12-10'],
  ['date(YYYY-MM-DDT00:00:00.000+0000)', '1985-12-10T00:00:00.000+0000', '1985-12-10'],
  ['instant(YYYY-MM-DDThh:mm:ss.SSS+hhmm)', '2017-01-18T06:35:03.125+0000', '2017-01-18T06:35:03.125+00:00'],
  ['instant(DD/MM/YYYY hh:mmZ)', '18/01/2017 06:35Z', '2017-01-18T06:35:00Z'],
])('%s', (as, shownId, stored) => {
  test(`${shownId} is stored as ${stored} and shown as sent`, () => {
    const dateCodec = codec(as);
    expect([dateCodec.validate!(shownId), dateCodec.write(shownId, env), dateCodec.read(stored, env)]).toEqual([
      undefined,
      stored,
      shownId,
    ]);
    expect(new RegExp(dateCodec.pattern!).test(shownId)).toBe(true);
  });
  test.each(['', 'yesterday', `${shownId}\n`, ` ${shownId}`, shownId.replace(/\d/, 'x'), '1985'])('%j is refused', (text) => {
    expect(codec(as).validate!(text)).toMatch(/^must be (a date of the calendar|an instant) as /);
  });
});

test('a date that does not exist is refused although its format is right', () => {
  const dateCodec = codec('date(DD.MM.YYYY)');
  expect([new RegExp(dateCodec.pattern!).test('30.02.2023'), dateCodec.validate!('30.02.2023')]).toEqual([
    true,
    'must be a date of the calendar as DD.MM.YYYY',
  ]);
});

test('of several patterns all are accepted and the first is shown', () => {
  const dateCodec = codec('date(YYYY-MM-DDT00:00:00.000+0000 | YYYY-MM-DD)');
  expect([dateCodec.write('1997-09-02', env), dateCodec.read('1997-09-02', env)]).toEqual(['1997-09-02', '1997-09-02T00:00:00.000+0000']);
});

test('a partial date, and a date without a time, is not shown', () => {
  expect(['1985', '1985-12'].map((stored) => codec('date(DD.MM.YYYY)').read(stored, env))).toEqual([undefined, undefined]);
  expect(codec('instant(YYYY-MM-DDThh:mmZ)').read('2017-01-18', env)).toBeUndefined();
});

test('a time is shown in UTC, whatever its time zone', () => {
  expect(codec('instant(YYYY-MM-DDThh:mm:ss+hhmm)').read('2017-01-18T01:30:00-05:00', env)).toBe('2017-01-18T06:30:00+0000');
});

test('every date and every time is read back unchanged', () => {
  const [day, time] = [codec('date(MM/DD/YYYY)'), codec('instant(YYYYMMDD hhmmss.SSS+hhmm)')];
  const between = { min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true };
  fc.assert(
    fc.property(fc.date(between), (moment) => {
      const iso = moment.toISOString();
      expect(day.write(day.read(iso.slice(0, 10), env), env)).toBe(iso.slice(0, 10));
      expect(Date.parse(time.write(time.read(iso, env), env) as string)).toBe(moment.getTime());
    }),
  );
});

test.each([
  ['MM/DD', 'day', 'MM/DD: a pattern of a day needs its year (YYYY)'],
  ['MM/DD/YYYY/MM', 'day', 'MM/DD/YYYY/MM: MM may occur only once'],
  ['YYYY-MM-DD hh', 'day', 'YYYY-MM-DD hh: a day has no hours: write as: instant(…) for a time'],
  ['YYYY-MM-DD hh:mm', 'instant', 'YYYY-MM-DD hh:mm: a time needs its zone: end it with Z, +hhmm or +hh:mm'],
  ['DD MMM YYYY', 'day', 'DD MMM YYYY: M is not a part of a pattern'],
  ['D/M/YYYY', 'day', 'D/M/YYYY: D is not a part of a pattern'],
  ['YYYY-MM-DD', 'instant', 'YYYY-MM-DD: a pattern of an instant needs its hour (hh)'],
] as const)('the pattern %s of a %s is refused with the reason', (text, kind, error) => {
  expect(() => compileDatePattern(text, kind)).toThrow(error);
});

/** The one shape of a mapping. */
function shapeOf(mapping: string): Shape {
  const folder = mkdtempSync(join(tmpdir(), 'dates-'));
  for (const file of ['loop/surface.yaml', 'junction/units.yaml']) cpSync(join('mappings', file), join(folder, file), { recursive: true });
  writeFileSync(join(folder, 'loop/person.yaml'), mapping);
  const { shapes } = loadShapes(folder, { profiles, registry });
  rmSync(folder, { recursive: true });
  return shapes[0]!.shape;
}

describe('times that are only shown', () => {
  const shape = shapeOf(`resource: ServiceRequest
path: /v1/requests
interactions: [read]
fields:
  id:      { fhir: id, readOnly: true }
  stands:  { fhir: authoredOn, format: date-time, readOnly: true }
  asked:   { fhir: authoredOn, as: 'instant(YYYY-MM-DDThh:mm:ssZ)', readOnly: true }
  said:    { fhir: [authoredOn, '%created'], as: 'instant(YYYY-MM-DDThh:mm:ss.SSS+hh:mm)', readOnly: true }
  newest:  { fhir: [meta.lastUpdated, authoredOn], as: 'latest(YYYY-MM-DDThh:mm:ssZ)', readOnly: true }
  changed: { fhir: meta.lastUpdated, format: date-time, readOnly: true }
  local:   { fhir: meta.lastUpdated, as: 'instant(DD.MM.YYYY hh:mm+hhmm)', readOnly: true }
`);
  const readDates = (authoredOn: string) =>
    shape.read(
      { resourceType: 'ServiceRequest', id: 'a', meta: { lastUpdated: '2026-02-01T12:00:00.250Z' }, authoredOn },
      buildExampleEnv({ created: '2026-01-01T00:00:00.000Z' }),
    );

  test('the schema has the format date-time for every pattern that is a date-time', () => {
    const { properties } = shape.responseSchema as { properties: Record<string, { format?: string }> };
    expect(Object.entries(properties).flatMap(([name, { format }]) => (format === 'date-time' ? [name] : []))).toEqual([
      'asked',
      'said',
      'newest',
      'changed',
    ]);
  });

  test('a date without a time is skipped: the next path with a time is shown, or nothing', () => {
    expect(readDates('2026-03-01')).toMatchObject({
      stands: '2026-03-01',
      asked: null,
      said: '2026-01-01T00:00:00.000+00:00',
      newest: '2026-02-01T12:00:00Z',
    });
    expect(readDates('2026-03-01T10:00:00+02:00')).toMatchObject({ asked: '2026-03-01T08:00:00Z', said: '2026-03-01T08:00:00.000+00:00' });
  });

  test('the latest of several times is shown in its pattern', () => {
    expect(readDates('2026-03-01T10:00:00+02:00')).toMatchObject({ newest: '2026-03-01T08:00:00Z', changed: '2026-02-01T12:00:00.250Z' });
    expect(readDates('2026-01-01')).toMatchObject({ newest: '2026-02-01T12:00:00Z', local: '01.02.2026 12:00+0000' });
  });
});

test('a mapping’s dates are checked, searched for and described in the vendor’s form', () => {
  const shape = shapeOf(`resource: Patient
path: /v1/persons
interactions: [create, search]
fields: { born: { fhir: birthDate, as: date(DD.MM.YYYY), past: true } }
search: { born: { fhir: 'birthdate={}', as: date(DD.MM.YYYY) } }
`);
  expect(shape.requestSchema).toMatchObject({ properties: { born: { type: 'string', pattern: '^\\d\\d\\.\\d\\d\\.\\d{4}$' } } });
  const texts = (born: string) => shape.checkRequest({ born }, EXAMPLE_TIME).map(({ text }) => text);
  expect(['10.12.1985', '1985-12-10', '30.02.1985', '01.01.2999'].map(texts)).toEqual([
    [],
    ['born must be a date of the calendar as DD.MM.YYYY'],
    ['born must be a date of the calendar as DD.MM.YYYY'],
    ['born must not be in the future'],
  ]);
  expect(shape.buildQuery({ born: '10.12.1985' }, buildExampleEnv())).toBe('Patient?birthdate=1985-12-10');
  expect(() => shape.buildQuery({ born: '1985-12-10' }, buildExampleEnv())).toThrow('born must be a date of the calendar as DD.MM.YYYY');
});
