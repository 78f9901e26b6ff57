// Every resource is the same after JSON → XML → JSON, with the digits of its numbers. https://hl7.org/fhir/R4/xml.html
import { findElement, isPrimitive } from '../../src/fhir/elements.ts';
import { parseJson, stringifyJson } from '../../src/fhir/json.ts';
import { formatSortedJson, isObject } from '../../src/fhir/json-values.ts';
import { isResource, SERVED_TYPES } from '../../src/fhir/types.ts';
import { parseXml } from '../../src/fhir/xml/parse-xml.ts';
import { writeXml, writeXmlInPieces } from '../../src/fhir/xml/write-xml.ts';
import { FHIR_EXAMPLES } from '../../src/http/openapi/fhir-examples.ts';
import fc from '../fast-check.ts';
import { randomResource } from './random-resource.ts';
import { patient, request } from './valid-resources.ts';

/** The JSON text with sorted keys, with all digits. */
const sorted = (exact: unknown): string => {
  if (JSON.isRawJSON(exact)) return exact.rawJSON;
  if (Array.isArray(exact)) return `[${exact.map(sorted).join()}]`;
  if (!isObject(exact)) return JSON.stringify(exact);
  return `{${Object.keys(exact)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${sorted(exact[key])}`)
    .join()}}`;
};

async function expectRoundTrip(json: string): Promise<void> {
  const { exact } = parseJson(json);
  for (const isPretty of [false, true]) {
    const xml = writeXml(exact, isPretty);
    expect(await writeXmlInPieces(exact, isPretty, 1)).toBe(xml);
    const back = await parseXml(xml);
    expect(sorted(back.exact)).toBe(sorted(exact));
    expect(formatSortedJson(back.plain)).toBe(formatSortedJson(JSON.parse(json)));
  }
}

const EXAMPLES: [name: string, resource: unknown][] = [
  ...Object.entries(FHIR_EXAMPLES).map(([name, { value }]): [string, unknown] => [name, value]),
  ['a full Patient', patient],
  ['a ServiceRequest', request],
];

test.each(EXAMPLES.filter(([, resource]) => isResource(resource)))(
  'the example %s is the same after JSON → XML → JSON',
  (_name, resource) => expectRoundTrip(JSON.stringify(resource)),
);

const DECORATIONS = { id: 'i', extension: [{ url: 'urn:x', valueString: 'x' }] };

/** Adds ids and extensions to some primitives, and removes the values of some of these: the siblings of JSON with null in lists. */
function decorate(element: Record<string, unknown>, type: string, next: () => number): Record<string, unknown> {
  const entries = Object.entries(element).flatMap(([name, value]): [string, unknown][] => {
    const facts = findElement(type, name);
    if (!facts) return [[name, value]];
    const [inner] = facts.types;
    if (!isPrimitive(inner!)) return [[name, mapItems(value, (item) => (isObject(item) ? decorate(item, inner!, next) : item))]];
    if (!findElement(type, `_${name}`) || next() < 0.5) return [[name, value]];
    if (!Array.isArray(value))
      return next() < 0.5
        ? [[`_${name}`, DECORATIONS]]
        : [
            [name, value],
            [`_${name}`, DECORATIONS],
          ];
    const pairs = value.map((item) => (next() < 0.5 ? [item, null] : next() < 0.5 ? [null, DECORATIONS] : [item, DECORATIONS]));
    const [values, siblings] = [pairs.map(([item]) => item), pairs.map(([, sibling]) => sibling)];
    const isUsed = (list: unknown[]): boolean => list.some((item) => item !== null);
    return [
      ...(isUsed(values) ? [[name, values] as [string, unknown]] : []),
      ...(isUsed(siblings) ? [[`_${name}`, siblings] as [string, unknown]] : []),
    ];
  });
  return Object.fromEntries(entries);
}

const mapItems = (value: unknown, change: (item: unknown) => unknown): unknown =>
  Array.isArray(value) ? value.map(change) : change(value);

test('random resources of every served type, with ids and extensions on primitives, are the same after JSON → XML → JSON', () =>
  fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...SERVED_TYPES),
      fc.nat(),
      fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
      async (type, seed, stream) => {
        await expectRoundTrip(stringifyJson(decorate(randomResource(type, seed), type, () => stream.next().value)));
      },
    ),
    { numRuns: 300 },
  ));

test('texts of any characters that XML allows are the same after JSON → XML → JSON', () =>
  fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary', minLength: 1 }), fc.string({ minLength: 1 }), async (any, ascii) => {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what XML does not allow
      const text = (any + ascii).replace(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, 'x');
      await expectRoundTrip(JSON.stringify({ resourceType: 'Patient', name: [{ text }], contact: [{ id: text, name: { text } }] }));
    }),
  ));

test.each(['1.00', '1e-3', '1E+3', '-0.0', '12345678901234567890.5', '0.1000000000000000055511151231257827', '100'])(
  'the digits of %s stay',
  (digits) =>
    expectRoundTrip(
      `{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":${digits}},"extension":[{"url":"urn:n","valueDecimal":${digits}}]}`,
    ),
);

test.each([1, 2, 3, 7, 64])('a document that is parsed in pieces of %d characters is the same', async (piece) => {
  const div = '<div xmlns="http://www.w3.org/1999/xhtml"><p>a 𝒳 &amp; b</p><!-- c --><br/></div>';
  const exact = { ...patient, text: { status: 'generated', div }, name: [{ text: '𝒳\r\n"<&>' }] };
  const xml = writeXml(exact).replaceAll('><', '>\r\n<');
  expect(await parseXml(xml, piece)).toEqual(await parseXml(xml));
});

test('a transaction Bundle with contained resources, Parameters and outcomes is the same', async () => {
  const outcome = { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'invalid', expression: ['a', 'b'] }] };
  const entry = [
    { fullUrl: 'urn:uuid:1', resource: patient, request: { method: 'PUT', url: 'Patient/example' } },
    { response: { status: '400', outcome } },
    {
      resource: {
        resourceType: 'Parameters',
        parameter: [
          {
            name: 'a',
            part: [
              { name: 'b', resource: request },
              { name: 'c', valueDecimal: 1 },
            ],
          },
        ],
      },
    },
  ];
  await expectRoundTrip(JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry }));
});
