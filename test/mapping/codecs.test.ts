import { parseJson, stringifyJson } from '../../src/fhir/json.ts';
import { buildCodec, URL_CODEC } from '../../src/mapping/lens/codecs.ts';
import { buildIdCodec } from '../../src/mapping/lens/id-codec.ts';
import type { FieldSpec } from '../../src/mapping/spec.ts';

const env = { alias: (_type: string, id: string) => id };
const codec = (field: FieldSpec) => buildCodec(field, { aliases: { a: 'urn:a', b: 'urn:b' }, ids: buildIdCodec({}), resource: 'Patient' });

describe('quantity', () => {
  const minutes = codec({ as: 'quantity(min)', type: 'integer' });
  const stored = { value: 45, unit: 'min', system: 'http://unitsofmeasure.org', code: 'min' };
  test('a number is stored with its unit, and shown whatever the unit is called', () => {
    expect([minutes.write(45, env), minutes.read({ ...stored, unit: 'minutes' }, env)]).toEqual([stored, 45]);
  });
  test.each([
    ['another unit', { code: 'h' }],
    ['another system', { system: 'urn:x' }],
    ['a comparator', { comparator: '<' }],
  ])('a quantity with %s is not shown', (_case, other) => {
    expect(minutes.read({ ...stored, ...other }, env)).toBeUndefined();
  });
  test('it needs a unit', () => {
    expect(() => codec({ as: 'quantity' })).toThrow('quantity needs a UCUM unit: write quantity(min)');
  });
});

test.each([
  ['Binary/1', 'https://a.example/fhir/R4/Binary/1'],
  ['Binary/1/_history/2', 'https://a.example/fhir/R4/Binary/1/_history/2'],
  ['https://b.example/1.pdf', 'https://b.example/1.pdf'],
  ['https://a.example/fhir/R4/', 'https://a.example/fhir/R4/'],
  ['images/1.png', 'images/1.png'],
])('the URL %s is shown as %s, and stored again as before', (stored, shown) => {
  const own = { ...env, clientBaseUrl: 'https://a.example/fhir/R4' };
  expect([URL_CODEC.read(stored, own), URL_CODEC.write(shown, own)]).toEqual([shown, stored]);
});

describe('time', () => {
  const time = codec({ as: 'time' });
  test.each([
    ['08:00', '08:00:00', '08:00'],
    ['08:00:30', '08:00:30', '08:00:30'],
    ['23:59:00', '23:59:00', '23:59'],
  ])('%s is stored as %s and shown as %s', (text, stored, repeated) => {
    expect([time.validate!(text), time.write(text, env), time.read(stored, env)]).toEqual([undefined, stored, repeated]);
  });
  test('fractions of zero are not shown, other fractions are', () => {
    expect([time.read('08:00:00.000', env), time.read('08:00:00.5', env)]).toEqual(['08:00', '08:00:00.5']);
  });
  test.each(['24:00', '8:00', '08:60', '08:00:61', '0800', '', '08:00\n'])('%j is refused', (text) => {
    expect(time.validate!(text)).toContain('must be a time');
  });
});

test.each([
  ['08:00', '08:00:00'],
  ['08:00:30', '08:00:30'],
])('time(hh:mm:ss): %s is stored and shown as %s', (text, stored) => {
  const time = codec({ as: 'time(hh:mm:ss)' });
  expect([time.validate!(text), time.write(text, env), time.read(stored, env)]).toEqual([undefined, stored, stored]);
});

test('time has no other form', () => {
  expect(() => codec({ as: 'time(mm:ss)' })).toThrow('time has no form mm:ss: write time or time(hh:mm:ss)');
});

describe('date', () => {
  const date = codec({ as: 'date' });
  test.each([
    ['1985-12-10', '1985-12-10'],
    ['12/10/1985', '1985-12-10'],
    ['2024-02-29', '2024-02-29'],
  ])('%s is accepted and stored as %s', (text, stored) => {
    expect([date.validate!(text), date.write(text, env)]).toEqual([undefined, stored]);
  });
  test.each([
    '2023-02-29',
    '1985-12-10T23:00:00Z',
    '1985-12-10T00:00:00',
    '13/01/1985',
    '31/12/1985',
    '1985',
    '0000-01-01',
    '10.12.1985',
    'yesterday',
    '',
  ])('%j is refused', (text) => {
    expect(date.validate!(text)).toContain('must be a date');
  });
});

test('a date field shows the day of a time in its own time zone, and a partial date unchanged', () => {
  const day = codec({ format: 'date' });
  const stored = ['2025-12-31T23:30:00-05:00', '2025-12-31', '2025-12', '2025'];
  expect(stored.map((text) => day.read(text, env))).toEqual(['2025-12-31', '2025-12-31', '2025-12', '2025']);
  expect(day.write('2025-12-31', env)).toBe('2025-12-31');
});

describe('json', () => {
  const json = codec({ as: 'json' });
  test('digits are kept as written', () => {
    const { exact } = parseJson('{"dose":1.00,"n":[1e-3]}');
    const stored = json.write(exact, env);
    expect(stored).toBe('{"dose":1.00,"n":[1e-3]}');
    expect(stringifyJson(json.read(stored, env))).toBe(stored);
  });
  test('a text that is not JSON is not shown', () => {
    expect(json.read('{', env)).toBeUndefined();
  });
});

describe('code tables', () => {
  test('a coding is shown by its word in the table, or else by its code', () => {
    const coding = codec({ as: 'coding', codes: { doctor: 'a|d', admin: 'b|a' } });
    expect(coding.write('admin', env)).toEqual({ system: 'urn:b', code: 'a' });
    expect([coding.read({ system: 'urn:a', code: 'd' }, env), coding.read({ system: 'urn:x', code: 'q' }, env)]).toEqual(['doctor', 'q']);
    expect([coding.validate!('doctor'), coding.validate!('constructor')]).toEqual([undefined, 'must be one of doctor, admin']);
  });
  test('two words for one code, an unknown alias and an unknown codec are refused', () => {
    expect(() => codec({ codes: { a: 'x', b: 'x' } })).toThrow('one to one: a and b');
    expect(() => codec({ as: 'coding', codes: { a: 'a|1', b: 'a|1' } })).toThrow('one to one');
    expect(() => codec({ as: 'coding', codes: { a: 'nobody|1' } })).toThrow('with an alias of surface.yaml');
    expect(() => codec({ as: 'rot13' })).toThrow('there is no codec rot13');
    expect(() => codec({ as: 'constructor' })).toThrow('there is no codec');
  });
});

describe('reference', () => {
  const reference = codec({ as: 'reference(Patient)' });
  const uuid = '0190b3c2-0000-7000-8000-0000000000aa';
  test('local references to the type are shown as ids, other references are not shown', () => {
    expect(reference.read(`Patient/${uuid}`, env)).toBe(uuid);
    expect(reference.read(`Patient/${uuid}/_history/2`, env)).toBe(uuid);
    for (const other of [`Group/${uuid}`, `https://elsewhere.example/Patient/${uuid}`, '#p', `urn:uuid:${uuid}`])
      expect(reference.read(other, env)).toBeUndefined();
  });
  test('an alias is written as the id that it stands for', () => {
    expect(reference.write(uuid, { ...env, resolved: new Map([[uuid, 'my-own-id']]) })).toBe('Patient/my-own-id');
    expect(reference.write(uuid.toUpperCase(), env)).toBe(`Patient/${uuid}`);
    expect(reference.validate!('7')).toBe('must be the id of a Patient');
  });
});
