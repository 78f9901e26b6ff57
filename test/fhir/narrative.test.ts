// The content that a narrative may have. https://hl7.org/fhir/R4/narrative.html#xhtml
import { hasNarrativeContent, isSafeNarrative } from '../../src/fhir/validation/narrative.ts';
import { processorTime } from '../processor-time.ts';

const XHTML = 'xmlns="http://www.w3.org/1999/xhtml"';

test.each([
  `<div ${XHTML}><p>Tested <b>twice</b><br/>on <a href="https://example.org/?a=1&amp;b=2">Monday</a></p></div>`,
  `<div ${XHTML} lang='en' xml:lang="en"><table border="1"><tbody><tr><td colspan="2" style="color: red">1 &lt; 2 &nbsp;&#160;&#xA0;</td></tr></tbody></table></div>`,
  `<div ${XHTML}><!-- a comment with > and - --><ul><li>one</li><li>two</li></ul><hr /></div>`,
  `<div ${XHTML}><img src="data:image/png;base64,AAAA" alt="a > b"/></div>`,
  `  <div ${XHTML}>5 > 4, and text such as onclick="x" or href="javascript:x" is only text</div>\n`,
  `<div\n ${XHTML}\n><h1 id="top"><a name="top">A</a></h1></div>`,
])('formatting, links and images are allowed: %s', (text) => {
  expect(isSafeNarrative(text)).toBe(true);
});

test.each([
  ['a control character', `<div ${XHTML}>a\x01b</div>`],
  ['half a character', `<div ${XHTML}>a\ud800b</div>`],
  ['a script', `<div ${XHTML}><script>alert(1)</script></div>`],
  ['a script in capitals', `<div ${XHTML}><SCRIPT>alert(1)</SCRIPT></div>`],
  ['an event attribute', `<div ${XHTML}><p onclick="go()">a</p></div>`],
  ['an event attribute after a slash', `<div ${XHTML}><img/onerror="go()" src="a"/></div>`],
  ['a form', `<div ${XHTML}><form action="a"><input name="b"/></form></div>`],
  ['an iframe', `<div ${XHTML}><iframe src="https://example.org"></iframe></div>`],
  ['an object', `<div ${XHTML}><object data="a"></object></div>`],
  ['a style sheet', `<div ${XHTML}><style>p { color: red }</style></div>`],
  ['a link element', `<div ${XHTML}><link rel="stylesheet" href="a.css"/></div>`],
  ['a head or body', `<body ${XHTML}><p>a</p></body>`],
  ['SVG', `<div ${XHTML}><svg><a href="a">b</a></svg></div>`],
  ['inserted and deleted text (chapter 9.4)', `<div ${XHTML}><ins>a</ins></div>`],
  ['a link that runs', `<div ${XHTML}><a href="javascript:go()">a</a></div>`],
  ['a link that runs, disguised', `<div ${XHTML}><a href=" java&#x0A;script&colon;go()">a</a></div>`],
  ['a link that is a page', `<div ${XHTML}><a href="data:text/html,x">a</a></div>`],
  ['an element that is not closed', `<div ${XHTML}><p>a</div>`],
  ['a div that is not closed', `<div ${XHTML}><p>a</p>`],
  ['elements that cross', `<div ${XHTML}><b><i>a</b></i></div>`],
  ['text around the div', `a <div ${XHTML}>b</div>`],
  ['two divs', `<div ${XHTML}>a</div><div ${XHTML}>b</div>`],
  ['an attribute without quotes', `<div ${XHTML}><td nowrap=nowrap>a</td></div>`],
  ['an attribute on a closing tag', `<div ${XHTML}><p>a</p class="b"></div>`],
  ['a bare ampersand', `<div ${XHTML}>a & b</div>`],
  ['a doctype', `<!DOCTYPE div><div ${XHTML}>a</div>`],
  ['CDATA', `<div ${XHTML}><![CDATA[<script>]]></div>`],
  ['another element outside', `<p ${XHTML}>a</p>`],
  ['an element whose name only begins as div', `<divider>a</divider>`],
  ['no element at all', 'a'],
  ['nothing', ''],
])('%s is refused', (_what, text) => {
  expect(isSafeNarrative(text)).toBe(false);
});

test('a narrative has text or an image', () => {
  expect(hasNarrativeContent(`<div ${XHTML}><p>a</p></div>`)).toBe(true);
  expect(hasNarrativeContent(`<div ${XHTML}><img src="a.png"/></div>`)).toBe(true);
  expect(hasNarrativeContent(`<div ${XHTML}> \n<p> </p></div>`)).toBe(false);
  expect(hasNarrativeContent(`<div ${XHTML}/>`)).toBe(false);
});

test('hostile texts take time in proportion to their length', () => {
  const hostile = [
    '<div '.repeat(20_000),
    `<div>${'<!--'.repeat(50_000)}`,
    `<div${' '.repeat(200_000)}x`,
    `<div>${'&'.repeat(200_000)}</div>`,
    `<div>${'>'.repeat(200_000)}`,
  ];
  const took = processorTime(() => {
    for (const text of hostile) {
      expect(isSafeNarrative(text)).toBe(false);
      hasNarrativeContent(text);
    }
  });
  expect(took).toBeLessThan(1_000);
});
