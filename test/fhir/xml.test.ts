// FHIR's XML: how JSON is written, and what is read. https://hl7.org/fhir/R4/xml.html
import { FhirError } from '../../src/fhir/outcome.ts';
import { parseXml } from '../../src/fhir/xml/parse-xml.ts';
import { writeXml } from '../../src/fhir/xml/write-xml.ts';

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>';
const FHIR = 'xmlns="http://hl7.org/fhir"';
const XHTML = 'xmlns="http://www.w3.org/1999/xhtml"';

const patientOf = (content: string): string => `<Patient ${FHIR}>${content}</Patient>`;
const read = async (content: string): Promise<unknown> => (await parseXml(patientOf(content))).exact;
const narrativeOf = (div: string): string => `<text><status value="generated"/>${div}</text>`;

/** The text and the expression of the refusal. */
async function refusalOf(xml: string): Promise<[text: string, expression: string | undefined]> {
  const error = await parseXml(xml).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof FhirError)) throw new Error(`no refusal, but ${String(error)}`);
  expect(error.kind).toBe('structure');
  return [error.issues[0]!.text, error.issues[0]!.expression?.[0]];
}

test('elements are written in the order of the definition; ids of elements and urls of extensions are attributes', () => {
  const resource = {
    active: true,
    _birthDate: { extension: [{ url: 'urn:t', valueDateTime: '1970-01-01' }] },
    resourceType: 'Patient',
    name: [{ given: ['A', null], _given: [null, { id: 'g', extension: [{ valueString: 'n', url: 'urn:n' }] }], id: 'n', family: 'F' }],
    contained: [{ resourceType: 'Organization', id: 'o' }],
    id: 'p',
    birthDate: '1970-01-01',
  };
  expect(writeXml(resource)).toBe(
    `${DECLARATION}<Patient ${FHIR}><id value="p"/><contained><Organization><id value="o"/></Organization></contained><active value="true"/>` +
      '<name id="n"><family value="F"/><given value="A"/><given id="g"><extension url="urn:n"><valueString value="n"/></extension></given></name>' +
      '<birthDate value="1970-01-01"><extension url="urn:t"><valueDateTime value="1970-01-01"/></extension></birthDate></Patient>',
  );
});

test('an indented document has a line for each element, and its narrative is unchanged', () => {
  const div = `<div ${XHTML}><p>a</p>\n<p>b</p></div>`;
  expect(writeXml({ resourceType: 'Patient', text: { status: 'generated', div }, name: [{ family: 'F' }] }, true)).toBe(
    `${DECLARATION}\n<Patient ${FHIR}>\n  <text>\n    <status value="generated"/>\n    ${div}\n  </text>\n  <name>\n    <family value="F"/>\n  </name>\n</Patient>`,
  );
});

test('characters that XML cannot represent are written as U+FFFD', () => {
  expect(writeXml({ resourceType: 'Patient', name: [{ text: 'a\u0000b\uFFFFc\uD800' }] })).toContain('value="a\uFFFDb\uFFFDc\uFFFD"');
});

test('an element that is named resourceType is not taken for the type of a resource', async () => {
  const instance = [{ resourceId: 'a', resourceType: 'Patient' }];
  const xml = writeXml({ resourceType: 'ExampleScenario', status: 'draft', instance });
  expect(xml).toContain('<instance><resourceId value="a"/><resourceType value="Patient"/></instance>');
  expect((await parseXml(xml)).plain).toEqual({ resourceType: 'ExampleScenario', status: 'draft', instance });
});

test('booleans and numbers get their JSON types, and a plus sign of a whole number is left out', async () => {
  const xml = `<Observation ${FHIR}><extension url="urn:i"><valueInteger value="+5"/></extension><extension url="urn:b"><valueBoolean value="false"/></extension><extension url="urn:d"><valueDecimal value="1.50"/></extension></Observation>`;
  const { plain, exact } = await parseXml(xml);
  expect(plain).toEqual({
    resourceType: 'Observation',
    extension: [
      { url: 'urn:i', valueInteger: 5 },
      { url: 'urn:b', valueBoolean: false },
      { url: 'urn:d', valueDecimal: 1.5 },
    ],
  });
  expect(JSON.stringify(exact)).toContain('"valueDecimal":1.50');
});

test.each([
  ['a boolean', '<active value="1"/>', { active: '1' }],
  ['a number', '<multipleBirthInteger value="01"/>', { multipleBirthInteger: '01' }],
])('%s that R4 does not allow stays a text, which validation refuses', async (_what, content, expected) => {
  expect(await read(content)).toEqual({ resourceType: 'Patient', ...expected });
});

test('comments, a byte order mark, indentation, prefixes, CDATA of white space and hints of a schema do not matter', async () => {
  const xml =
    '\uFEFF<?xml version="1.0" encoding="utf-8" standalone="yes"?>\n<!-- a -->\n<f:Patient xmlns:f="http://hl7.org/fhir" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ' +
    'xsi:schemaLocation="http://hl7.org/fhir ../patient.xsd">\r\n\t<f:active value=\'true\'></f:active><![CDATA[ ]]><!-- b --></f:Patient>\n<!-- c -->';
  expect((await parseXml(xml)).exact).toEqual({ resourceType: 'Patient', active: true });
});

test('characters are read from numbers and from the five names of XML', async () => {
  expect(await read('<name><text value="&lt;&gt;&amp;&quot;&apos;&#233;&#x1D4B3; a\n\tb&#10;c"/></name>')).toMatchObject({
    name: [{ text: '<>&"\'é𝒳 a  b\nc' }],
  });
});

describe('narrative', () => {
  const written = (div: string): string =>
    /<div.*<\/div>/s.exec(writeXml({ resourceType: 'Patient', text: { status: 'generated', div } }))![0];
  const readBack = async (div: string): Promise<unknown> => (await read(narrativeOf(div))) as unknown;

  test.each([
    [
      'named entities become characters',
      'a&nbsp;&eacute;&copy;&hellip; &amp; &lt; &gt; &quot; &apos;',
      'a\u00A0é©… &amp; &lt; &gt; &quot; &apos;',
    ],
    ['names that stand for markup stay escaped', '&LT;b&GT; &AMP;', '&lt;b&gt; &amp;'],
    ['a name that HTML does not define is shown', '&shoe;', '&amp;shoe;'],
    ['numbers stay', '&#160;&#xA0;', '&#160;&#xA0;'],
    ['numbers that XML does not allow become U+FFFD', '&#0;&#x1F;&#xD800;&#99999999;', '\uFFFD\uFFFD\uFFFD\uFFFD'],
    ['carriage returns become numbers', 'a\r\nb<br title="c\rd"\r/>', 'a&#13;\nb<br title="c&#13;d"\n/>'],
    ['the first of two equal attributes is kept', '<p class="a" class="b">x</p>', '<p class="a">x</p>'],
    ['a foreign namespace is removed', '<p xmlns="urn:x">x</p>', '<p>x</p>'],
    ['comments stay', '<!-- a "b -->x<!---->', '<!-- a "b -->x<!---->'],
  ])('written: %s', (_title, content, expected) => {
    expect(written(`<div ${XHTML}>${content}</div>`)).toBe(`<div ${XHTML}>${expected}</div>`);
  });

  test('written: the namespace of XHTML is added if it is missing', () => {
    expect(written(' <div class="a">x</div> ')).toBe(`<div ${XHTML} class="a">x</div>`);
    expect(written('<div xmlns="urn:x">x</div>')).toBe(`<div ${XHTML}>x</div>`);
  });

  test.each([
    ['is read as it was written', `<div ${XHTML} lang='en'><!-- c --><p  title="1 > 0">a&#160;&amp;<br /></p></div>`, undefined],
    [
      'loses prefixes',
      `<h:div xmlns:h="http://www.w3.org/1999/xhtml"><h:p class="a">x</h:p ><h:br/></h:div>`,
      `<div ${XHTML}><p class="a">x</p ><br/></div>`,
    ],
    [
      'gets the text of CDATA sections',
      `<div ${XHTML}><![CDATA[1 < 2 && <p>]]></div>`,
      `<div ${XHTML}>1 &lt; 2 &amp;&amp; &lt;p&gt;</div>`,
    ],
    ['has line feeds as line ends', `<div ${XHTML}>a\r\nb&#13;c</div>`, `<div ${XHTML}>a\nb\rc</div>`],
    ['may contain a div', `<div ${XHTML}><div>a<div/></div></div>`, undefined],
  ])('read: the div %s', async (_title, div, expected = div) => {
    expect(await readBack(div)).toEqual({ resourceType: 'Patient', text: { status: 'generated', div: expected } });
  });

  test.each([
    ['without namespace', '<div>x</div>'],
    ['of FHIR’s namespace', `<div ${XHTML}><p ${FHIR}>x</p></div>`],
    ['with an element of an undeclared prefix', `<div ${XHTML}><h:p>x</h:p></div>`],
    ['of SVG', `<div ${XHTML}><svg xmlns="http://www.w3.org/2000/svg"/></div>`],
  ])('read: a div %s is refused', async (_title, div) => {
    expect(await refusalOf(patientOf(narrativeOf(div)))).toEqual([
      expect.stringContaining('in the namespace http://www.w3.org/1999/xhtml'),
      'Patient.text.div',
    ]);
  });

  test('read: HTML’s named characters in a narrative become characters', async () => {
    const div = `<div ${XHTML}><p title="&eacute;">a&nbsp;b &amp;nbsp; &lt;<![CDATA[&nbsp;]]></p></div>`;
    const text = `<div ${XHTML}><p title="é">a\u00a0b &amp;nbsp; &lt;&amp;nbsp;</p></div>`;
    expect(await read(narrativeOf(div))).toMatchObject({ text: { div: text } });
  });

  test('read: HTML’s named characters elsewhere are refused with the remedy, also after a narrative', async () => {
    const [text] = await refusalOf(patientOf(`${narrativeOf(`<div ${XHTML}>a&nbsp;b</div>`)}<language value="d&eacute;"/>`));
    expect(text).toMatch(/undefined entity: write the character itself, or its number such as &#160; \(line 1, column \d+\)$/);
  });
});

describe('refused', () => {
  test.each([
    [
      'an unknown element, with the closest one',
      '<activ value="true"/>',
      'there is an element here that R4 does not define (did you mean active?)',
      'Patient.activ',
    ],
    [
      'an unknown element of a list member',
      '<name><family value="a"/></name><name><shoe/></name>',
      'does not define',
      'Patient.name[1].shoe',
    ],
    ['the name of a sibling', '<_active/>', 'does not define', 'Patient'],
    ['the name of a choice without its type', '<deceased value="true"/>', 'does not define', 'Patient.deceased'],
    ['an attribute as an element', '<extension><url value="urn:x"/></extension>', 'does not define', 'Patient.extension[0].url'],
    ['an unknown attribute', '<active value="true" colour="red"/>', 'an attribute here that R4 does not define: colour', 'Patient.active'],
    ['a value of a datatype', '<name value="Ada"/>', 'an attribute here that R4 does not define: value', 'Patient.name[0]'],
    ['xml:lang', '<name xml:lang="en"/>', 'an attribute here that R4 does not define', 'Patient.name[0]'],
    ['an attribute of an undeclared prefix', '<active x:value="true"/>', 'an attribute here that R4 does not define', 'Patient.active'],
    ['a resource id as an attribute of an element', '<contained id="a"><Group/></contained>', 'an attribute here', 'Patient.contained[0]'],
    ['an empty element', '<name/>', 'an element must not be empty', 'Patient.name[0]'],
    ['an empty primitive', '<active></active>', 'an element must not be empty', 'Patient.active'],
    ['an empty attribute', '<name id=""/>', 'an attribute must not be empty', 'Patient.name[0]'],
    ['a wrong order', '<gender value="male"/><active value="true"/>', 'not in the order of R4: active comes before gender', 'Patient'],
    [
      'a list in two places',
      '<name><given value="a"/><suffix value="b"/><given value="c"/></name>',
      'given comes before suffix',
      'Patient.name[0]',
    ],
    ['an element twice', '<active value="true"/><active value="true"/>', 'active may occur only once', 'Patient'],
    [
      'two types of a choice',
      '<deceasedBoolean value="true"/><deceasedDateTime value="2020"/>',
      'deceased[x] may occur only once',
      'Patient',
    ],
    ['text between elements', '<active value="true"/>Ada', 'text is not allowed between elements', 'Patient'],
    ['text in a primitive', '<active>true</active>', 'a value is written as value="…"', 'Patient.active'],
    ['CDATA between elements', '<![CDATA[Ada]]>', 'text is not allowed between elements', 'Patient'],
    ['two resources in one element', '<contained><Group/><Group/></contained>', 'may contain one resource only', 'Patient.contained[0]'],
    ['no resource in contained', '<contained></contained>', 'an element must not be empty', 'Patient.contained[0]'],
    ['an unknown resource in contained', '<contained><Shoe/></contained>', 'no resource type of this name', 'Patient.contained[0]'],
    ['an element of another namespace', '<active xmlns="urn:x" value="true"/>', 'in the namespace http://hl7.org/fhir', 'Patient.active'],
  ])('%s', async (_title, content, text, expression) => {
    expect(await refusalOf(patientOf(content))).toEqual([expect.stringContaining(text), expression]);
  });

  test.each([
    ['no namespace', '<Patient/>', 'in the namespace http://hl7.org/fhir', 'Patient'],
    ['another namespace', '<Patient xmlns="urn:hl7-org:v3"/>', 'in the namespace http://hl7.org/fhir', 'Patient'],
    ['a document of another kind', '<ClinicalDocument xmlns="urn:hl7-org:v3"/>', 'no resource type of this name', undefined],
    ['a datatype as root', `<HumanName ${FHIR}><family value="a"/></HumanName>`, 'no resource type of this name', undefined],
    ['a name of Object.prototype', `<constructor ${FHIR}/>`, 'no resource type of this name', undefined],
    ['another encoding', `<?xml version="1.0" encoding="ISO-8859-1"?>${patientOf('')}`, 'send XML in UTF-8', undefined],
    ['a control character', patientOf('<name><text value="a\u0001b"/></name>'), 'disallowed character', 'Patient.name[0]'],
    ['the number of a control character', patientOf('<name><text value="&#1;"/></name>'), 'malformed character entity', 'Patient.name[0]'],
    ['an unclosed element', `<Patient ${FHIR}>`, 'unclosed tag', 'Patient'],
    ['a wrong closing tag', `<Patient ${FHIR}></Group>`, 'not well-formed', undefined],
    ['two roots', `${patientOf('')}${patientOf('')}`, 'only one root', undefined],
    ['an attribute twice', patientOf('<active value="true" value="true"/>'), 'duplicate attribute', 'Patient'],
    ['text', 'Ada', 'text data outside of root node', undefined],
    ['JSON', '{"resourceType":"Patient"}', 'text data outside of root node', undefined],
  ])('%s', async (_title, xml, text, expression) => {
    const [actual, where] = await refusalOf(xml);
    expect([actual, where]).toEqual([expect.stringContaining(text), expression]);
    expect(actual).toMatch(/\(line \d+, column \d+\)$/);
  });

  test('names and values of the document that cannot be names of R4 are not repeated in errors', async () => {
    const documents = [
      patientOf('<Ada.Lovelace/>'),
      patientOf('<active value="true" Ada.Lovelace="x"/>'),
      patientOf('<name><text value="Ada.Lovelace"/></wrong>'),
      patientOf('<Ada.Lovelace>'),
      patientOf('Ada.Lovelace'),
      patientOf('&Ada.Lovelace;'),
      patientOf('<active Ada.Lovelace="1" Ada.Lovelace="2"/>'),
    ];
    for (const xml of documents) expect((await refusalOf(xml)).join()).not.toContain('Lovelace');
  });
});
