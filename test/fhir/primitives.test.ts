// The form of each primitive type. https://hl7.org/fhir/R4/datatypes.html#primitive
import { countDaysInMonth } from '../../src/fhir/calendar.ts';
import { TEXT_TYPES } from '../../src/fhir/validation/primitives.ts';
import { processorTime } from '../processor-time.ts';

const CASES: Record<string, { takes: string[]; refuses: string[] }> = {
  base64Binary: { takes: ['AAAA', 'AA==', 'AAAA\nBBBB', ' AAAA '], refuses: ['', 'AAA', 'AA-A', 'AAAAA', ' '] },
  canonical: { takes: ['http://example.org/q|1.0', '#inside'], refuses: ['', 'a b', 'urn:a\x01'] },
  code: { takes: ['final', 'entered in error'], refuses: ['', ' a', 'a ', 'a  b', 'a\0b', 'a\x1f', 'a\ud800'] },
  contentFormat: {
    takes: ['json', 'xml', 'ttl', 'application/fhir+json'],
    refuses: ['', 'yaml', 'application'],
  },
  currency: { takes: ['EUR'], refuses: ['eur', 'EURO', '€'] },
  date: {
    takes: ['2026', '2026-02', '2026-02-28', '2024-02-29', '2000-02-29', '0001-01-01'],
    refuses: [
      '2026-02-30',
      '2025-02-29',
      '1900-02-29',
      '2026-04-31',
      '2026-13-45',
      '2026-00',
      '2026-1-1',
      '0000',
      '20/02/1987',
      '2026-02-01T10:00:00Z',
      '26',
      '2026-02-28 ',
    ],
  },
  dateTime: {
    takes: ['2026', '2026-02', '2026-02-28', '2026-02-28T10:00:00Z', '2026-02-28T23:59:60.123456+14:00', '2026-02-28T10:00:00-09:30'],
    refuses: [
      '2026-02-28T10:00:00',
      '2026-02-28T10:00Z',
      '2026-02-28T24:00:00Z',
      '2026-02-30T10:00:00Z',
      '2026-02-28T10:00:00+15:00',
      '2026-02-28T10:00:00+14:30',
      '2026-02T10:00:00Z',
    ],
  },
  id: { takes: ['a', 'A-1.b', 'a'.repeat(64)], refuses: ['', 'a'.repeat(65), 'a_b', 'a/b', 'ä'] },
  instant: {
    takes: ['2026-02-28T10:00:00Z', '2026-02-28T10:00:00.5+01:00'],
    refuses: ['2026', '2026-02-28', '2026-02-28T10:00:00', '2026-02-30T10:00:00Z', '2026-02-28T10:00Z'],
  },
  markdown: { takes: ['# a\n\nb'], refuses: ['', 'a\0', 'a\x1b[0m'] },
  mimeType: {
    takes: ['text/plain', 'application/fhir+json; fhirVersion=4.0', 'text/plain;charset=utf-8'],
    refuses: ['png', '/a', 'a/', 'a b/c', 'a/b;\x07'],
  },
  oid: { takes: ['urn:oid:1.2.3'], refuses: ['1.2.3', 'urn:oid:3.2', 'urn:oid:1.02', 'urn:oid:1'] },
  string: {
    takes: ['a', ' a ', 'ä\r\n\t', '\u{1F9EA}', '\x7f', 'a'.repeat(1024 * 1024)],
    refuses: ['', 'a\0', 'a'.repeat(1024 * 1024 + 1), '\x01', 'a\x08', 'a\x0b', 'a\x0c', 'a\x1f', '\ud800', 'a\udc00\ud800'],
  },
  ucum: { takes: ['mg/dL', '10*3/uL', '{cells}', '%'], refuses: ['', 'milligrams', 'mg//dL'] },
  time: { takes: ['10:00:00', '23:59:60.5'], refuses: ['24:00:00', '10:00', '10:00:00Z'] },
  uri: { takes: ['http://example.org', 'urn:oid:1.2', 'a'], refuses: ['', 'http://example.org/a b', 'a\x02', 'a\ud83d'] },
  url: { takes: ['https://example.org'], refuses: ['', 'a b'] },
  uuid: {
    takes: ['urn:uuid:c757873d-ec9a-4326-a141-556f43239520'],
    refuses: ['c757873d-ec9a-4326-a141-556f43239520', 'urn:uuid:C757873D-EC9A-4326-A141-556F43239520'],
  },
};

test('every type has cases', () => {
  expect(Object.keys(CASES)).toEqual(Object.keys(TEXT_TYPES));
});

describe.each(Object.entries(CASES))('%s', (type, { takes, refuses }) => {
  const short = (text: string) => JSON.stringify(text.length > 80 ? `${text.slice(0, 10)}… (${text.length})` : text);
  test.each(takes.map((text) => [short(text), text]))('takes %s', (_shown, text) => expect(TEXT_TYPES[type]!.isValid(text)).toBe(true));
  test.each(refuses.map((text) => [short(text), text]))('refuses %s', (_shown, text) =>
    expect(TEXT_TYPES[type]!.isValid(text)).toBe(false),
  );
});

test('February has 29 days in leap years', () => {
  expect([2023, 2024, 1900, 2000].map((year) => countDaysInMonth(year, 2))).toEqual([28, 29, 28, 29]);
});

test('long hostile texts are checked at once', () => {
  const took = processorTime(() => {
    for (const { isValid } of Object.values(TEXT_TYPES))
      for (const text of ['a '.repeat(100_000), '1.'.repeat(100_000), `urn:oid:1${'.1'.repeat(100_000)}x`, `a/b${'; a'.repeat(50_000)};`])
        isValid(text);
  });
  expect(took).toBeLessThan(1_000);
});
