// Hostile XML is refused, or read in linear time. Nothing outside the document is read. https://hl7.org/fhir/R4/xml.html
import { FhirError } from '../../src/fhir/outcome.ts';
import { parseXml } from '../../src/fhir/xml/parse-xml.ts';
import { writeXml } from '../../src/fhir/xml/write-xml.ts';

const FHIR = 'xmlns="http://hl7.org/fhir"';
const XHTML = 'xmlns="http://www.w3.org/1999/xhtml"';
const patientOf = (content: string): string => `<Patient ${FHIR}>${content}</Patient>`;
const divOf = (content: string): string => patientOf(`<text><status value="generated"/><div ${XHTML}>${content}</div></text>`);

/** The resource, or the text of the refusal. Fails if it costs more processor time than a linear parser needs. */
async function read(xml: string): Promise<ReturnType<typeof JSON.parse>> {
  const before = process.cpuUsage();
  const result = await parseXml(xml).then(
    ({ plain }) => plain,
    (error: unknown) => {
      if (!(error instanceof FhirError)) throw error;
      return error.issues[0]!.text;
    },
  );
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1000).toBeLessThan(6_000);
  return result;
}

const LAUGHS = Array.from({ length: 10 }, (_, at) => `<!ENTITY l${at} "${at === 0 ? 'ha' : `&l${at - 1};`.repeat(10)}">`).join('');

test.each([
  ['billion laughs', `<!DOCTYPE Patient [${LAUGHS}]>${patientOf('<name><text value="&l9;"/></name>')}`],
  ['an external entity', `<!DOCTYPE Patient [<!ENTITY e SYSTEM "file:///etc/passwd">]>${divOf('&e;')}`],
  ['an external parameter entity', `<!DOCTYPE Patient [<!ENTITY % e SYSTEM "http://localhost:1/e"> %e;]>${patientOf('')}`],
  ['an external subset', `<!DOCTYPE Patient SYSTEM "http://localhost:1/patient.dtd">${patientOf('')}`],
  ['the document type of HTML', `<!DOCTYPE html>${patientOf('')}`],
])('a document type with %s is refused before the resource is read', async (_title, xml) => {
  expect(await read(xml)).toMatch(/^a document type declaration is not allowed: leave it out/);
});

test('entities without a document type, XInclude and processing instructions are refused', async () => {
  expect(await read(patientOf('<name><text value="&e;"/></name>'))).toMatch(/undefined entity/);
  expect(await read(patientOf('<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>'))).toMatch(
    /does not define/,
  );
  const stylesheet = '<?xml-stylesheet href="http://localhost:1/a.xsl"?>';
  for (const xml of [`${stylesheet}${patientOf('')}`, patientOf(stylesheet), divOf(stylesheet)])
    expect(await read(xml)).toMatch(/^a processing instruction is not allowed/);
});

test('elements nested deeper than JSON may be are refused, one level less is read', async () => {
  const nested = (depth: number): string => '<extension url="urn:x">'.repeat(depth) + '</extension>'.repeat(depth);
  expect(await read(patientOf(nested(100)))).toMatchObject({ extension: [{ url: 'urn:x' }] });
  expect(await read(patientOf(nested(101)))).toMatch(/^the body is nested more than 200 levels deep/);
  expect(await read(patientOf('<extension url="urn:x">'.repeat(1_000_000)))).toMatch(/nested more than 200 levels deep/);
  expect(await read(divOf('<b>'.repeat(1_000_000)))).toMatch(/nested more than 200 levels deep/);
  const contained = '<contained><Group>'.repeat(200_000);
  expect(await read(patientOf(contained))).toMatch(/nested more than 200 levels deep/);
});

test('very long values are read whole', async () => {
  const [value, digits] = ['x'.repeat(1024 * 1024), '1'.repeat(1024 * 1024)];
  const named = await read(patientOf(`<name><text value="${value}"/></name>`));
  const told = await read(divOf(`<p title="${value}">${value}</p>`));
  expect([named.name[0].text === value, told.text.div === `<div ${XHTML}><p title="${value}">${value}</p></div>`]).toEqual([true, true]);
  expect(await read(`<Observation ${FHIR}><valueQuantity><value value="${digits}"/></valueQuantity></Observation>`)).toMatchObject({
    valueQuantity: { value: Number.POSITIVE_INFINITY },
  });
  const data = 'AAAA'.repeat(8 * 1024 * 1024);
  const binary = { resourceType: 'Binary', contentType: 'a/b', data };
  expect((await read(writeXml(binary))).data === data).toBe(true);
});

test.each([
  ['list members', patientOf(`<name>${'<given value="a"/>'.repeat(300_000)}</name>`)],
  ['elements deep in a narrative', divOf(`${'<b>'.repeat(150)}${'<i/>'.repeat(1_000_000)}${'</b>'.repeat(150)}`)],
  ['comments', patientOf(`${'<!-- c -->'.repeat(500_000)}<active value="true"/>`)],
  ['references to characters', patientOf(`<name><text value="${'&amp;'.repeat(500_000)}"/></name>`)],
  ['CDATA sections', divOf('<![CDATA[<]]>'.repeat(300_000))],
  ['line ends in tags', divOf(`<p\r\n>a</p\r\n>`.repeat(200_000))],
  ['spaces in a tag', divOf(`<p${' '.repeat(2_000_000)}>a</p>`)],
])('very many %s are read and written in linear time', async (_title, xml) => {
  const resource = await read(xml);
  expect(resource).toMatchObject({ resourceType: 'Patient' });
  expect(writeXml(resource)).toMatch(/^<\?xml/);
});

test.each([
  ['attributes', patientOf(`<name ${Array.from({ length: 300_000 }, (_, at) => `a${at}="x"`).join(' ')}/>`), /an attribute here that R4/],
  ['namespaces', `<Patient ${FHIR} ${Array.from({ length: 300_000 }, (_, at) => `xmlns:a${at}="u"`).join(' ')}/>`, /16 namespaces at most/],
  ['characters of an entity', patientOf(`&${'e'.repeat(5_000_000)};`), /undefined entity/],
  ['characters of a name', patientOf(`<${'e'.repeat(5_000_000)}/>`), /R4 does not define/],
  ['left angle brackets', patientOf('<'.repeat(1_000_000)), /not well-formed/],
  ['opened comments', patientOf('<!--'.repeat(500_000)), /not well-formed/],
])('very many %s are refused in linear time', async (_title, xml, text) => {
  expect(await read(xml)).toMatch(text);
});
