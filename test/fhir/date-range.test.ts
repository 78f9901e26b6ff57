// The range of instants of a date.

import { parseDateRange, toPeriodRange, toTimingRange } from '../../src/fhir/date-range.ts';
import fc from '../fast-check.ts';

test.each([
  ['2020', '2020-01-01T00:00:00.000Z', '2021-01-01T00:00:00.000Z'],
  ['2020-02', '2020-02-01T00:00:00.000Z', '2020-03-01T00:00:00.000Z'],
  ['2020-12', '2020-12-01T00:00:00.000Z', '2021-01-01T00:00:00.000Z'],
  ['2020-02-29', '2020-02-29T00:00:00.000Z', '2020-03-01T00:00:00.000Z'],
  ['2020-02-29T10:30', '2020-02-29T10:30:00.000Z', '2020-02-29T10:31:00.000Z'],
  ['2020-02-29T10:30Z', '2020-02-29T10:30:00.000Z', '2020-02-29T10:31:00.000Z'],
  ['2020-02-29T10:30:05Z', '2020-02-29T10:30:05.000Z', '2020-02-29T10:30:06.000Z'],
  ['2020-02-29T10:30:05.5Z', '2020-02-29T10:30:05.500Z', '2020-02-29T10:30:05.600Z'],
  ['2020-02-29T10:30:05.123456Z', '2020-02-29T10:30:05.123Z', '2020-02-29T10:30:05.124Z'],
  ['2020-02-29T23:30:00-05:00', '2020-03-01T04:30:00.000Z', '2020-03-01T04:30:01.000Z'],
  ['2020-01-01T00:30:00+14:00', '2019-12-31T10:30:00.000Z', '2019-12-31T10:30:01.000Z'],
  ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000Z', '2017-01-01T00:00:01.000Z'],
  ['0050-06-01', '0050-06-01T00:00:00.000Z', '0050-06-02T00:00:00.000Z'],
  ['9999', '9999-01-01T00:00:00.000Z', 'infinity'],
  ['0001-01-01T00:30:00+14:00', '-infinity', '-infinity'],
])('%s is from %s to %s', (text, from, to) => {
  expect(parseDateRange(text)).toEqual({ from, to });
});

test.each([
  '2020-13',
  '2020-00',
  '2020-02-30',
  '2021-02-29',
  '2020-04-31',
  '0000',
  '2020-1-1',
  '20200101',
  '2020-01-01T24:00:00Z',
  '2020-01-01T10',
  '2020-01-01T10:60:00Z',
  '2020-01-01T10:00:61Z',
  '2020-01-01T10:00:00+15:00',
  '2020-01-01 10:00',
  '10:00',
  '',
])('%j is not a date', (text) => {
  expect(parseDateRange(text)).toBeUndefined();
});

test('the range of a random day agrees with JavaScript’s Date', () => {
  const days = fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-30'), noInvalidDate: true });
  fc.assert(
    fc.property(days, (date) => {
      const day = date.toISOString().slice(0, 10);
      const start = Date.parse(`${day}T00:00:00.000Z`);
      expect(parseDateRange(day)).toEqual({ from: new Date(start).toISOString(), to: new Date(start + 86_400_000).toISOString() });
    }),
  );
});

test('a period is open at an absent end', () => {
  expect(toPeriodRange({ start: '2020' })).toEqual({ from: '2020-01-01T00:00:00.000Z', to: 'infinity' });
  expect(toPeriodRange({ end: '2020-06' })).toEqual({ from: '-infinity', to: '2020-07-01T00:00:00.000Z' });
  expect(toPeriodRange({ start: '2020', end: '2020' })).toEqual(parseDateRange('2020'));
  expect(toPeriodRange({})).toBeUndefined();
});

test('the range of a timing extends from its first to its last event or bound', () => {
  expect(toTimingRange({ event: ['2020-03-01', '2020-01-05'] })).toEqual({
    from: '2020-01-05T00:00:00.000Z',
    to: '2020-03-02T00:00:00.000Z',
  });
  expect(toTimingRange({ event: ['2020-03-01'], repeat: { boundsPeriod: { start: '2020-02' } } })).toEqual({
    from: '2020-02-01T00:00:00.000Z',
    to: 'infinity',
  });
  expect(toTimingRange({ repeat: {} })).toBeUndefined();
});
