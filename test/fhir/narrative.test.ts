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

/** An attack, and a narrative of the same form without it, which stays accepted. */
test.each([
  ['a position outside the narrative', '<p style="position:fixed;top:0">a</p>', '<p style="margin:0;padding:2px">a</p>'],
  ['a position in capitals', '<p style="POSITION : absolute">a</p>', '<p style="COLOR : red">a</p>'],
  [
    'a position behind a quotation mark',
    `<p style="color:'red;position:fixed">a</p>`,
    `<p style="font-family:'Times New Roman',serif">a</p>`,
  ],
  ['a position with an escape', '<p style="p\\6fsition:fixed">a</p>', '<p style="color:#6f0000">a</p>'],
  ['a position with an entity', '<p style="p&#111;sition:fixed">a</p>', '<p style="c&#111;lor:red">a</p>'],
  ['content moved by a transformation', '<p style="transform:translateY(-900px)">a</p>', '<p style="line-height:1.5">a</p>'],
  ['content moved by a negative margin', '<p style="margin-top:-900px">a</p>', '<p style="margin-top:9px">a</p>'],
  ['content moved by a calculated margin', '<p style="margin-top:CALC(0px - 900px)">a</p>', '<p style="width:calc(100% - 9px)">a</p>'],
  ['content above the page', '<p style="z-index:9999">a</p>', '<p style="opacity:0.5">a</p>'],
  ['a URL in a background', '<p style="background:url(https://example.org/a.png)">a</p>', '<p style="background:rgb(250, 250, 250)">a</p>'],
  ['a URL with an escape', '<p style="background:u\\72l(https://example.org/a)">a</p>', '<p style="background:lightgrey">a</p>'],
  ['a URL with a comment', '<p style="background:url/**/(https://example.org/a)">a</p>', '<p style="background:hsl(9, 9%, 9%)">a</p>'],
  ['a URL in capitals', '<p style="list-style-image:URL(a.png)">a</p>', '<p style="list-style-type:SQUARE">a</p>'],
  [
    'a set of images',
    `<p style="background:image-set('https://example.org/a' 1x)">a</p>`,
    '<p style="background-color:rgba(1,2,3,0.5)">a</p>',
  ],
  ['an expression', '<p style="width:expression(alert(1))">a</p>', '<p style="width:50%">a</p>'],
  ['an expression with a comment', '<p style="width:exp/**/ression(alert(1))">a</p>', '<p style="width:max(9px, 1em)">a</p>'],
  ['an import', `<p style="@import 'https://example.org/a.css'">a</p>`, `<p style="quotes:'a'">a</p>`],
  ['a binding', '<p style="-moz-binding:none">a</p>', '<p style="-moz-text-size-adjust:none">a</p>'],
  ['a behaviour', '<p style="behavior:none">a</p>', '<p style="border-collapse:collapse">a</p>'],
  ['a filter', '<p style="filter:none">a</p>', '<p style="float:none">a</p>'],
  ['content made by a style', `<p style="content:'a'">a</p>`, '<p style="text-align:center">a</p>'],
  ['a style with a rule', '<p style="color:red}p{color:red">a</p>', '<p style="color:red;;color:blue;">a</p>'],
  [
    'an attribute background',
    '<table background="https://example.org/a.png"><tr><td>a</td></tr></table>',
    '<table bgcolor="#eee"><tr><td>a</td></tr></table>',
  ],
  ['an image that is SVG', '<img src="data:image/svg+xml;base64,AAAA" alt="a"/>', '<img src="data:image/jpeg;base64,AAAA" alt="a"/>'],
  ['an image that is a page', '<img src="data:text/html,a" alt="a"/>', '<img src="#contained" alt="a"/>'],
  ['an image that runs', '<img src="javascript:go()" alt="a"/>', '<img src="https://example.org/a.png" alt="a"/>'],
  ['an image of the computer', '<img src="file:///etc/a.png" alt="a"/>', '<img src="Binary/a" alt="a"/>'],
  ['several images', '<img src="a.png" srcset="b.png 2x" alt="a"/>', '<img src="a.png" alt="a"/>'],
  ['a link that is a script', '<a href="vbscript:go()">a</a>', '<a href="mailto:a@example.org">a</a>'],
  ['a link that is a script, with a tabulator', '<a href="java&#9;script:go()">a</a>', '<a href="a?b=java&#9;script:c">a</a>'],
  ['a link that is a script, with an encoded letter', '<a href="&#x6A;avascript:go()">a</a>', '<a href="&#x68;ttps://example.org">a</a>'],
  ['a link that is a picture', '<a href="data:image/png;base64,AAAA">a</a>', '<a href="urn:oid:1.2.3">a</a>'],
  ['a link that starts a program', '<a href="ms-msdt:/id">a</a>', '<a href="tel:+15550100">a</a>'],
  ['a link that is a blob', '<a href="blob:https://example.org/a">a</a>', '<a href="//example.org/a">a</a>'],
  ['a source that is a script', '<q cite="javascript:go()">a</q>', '<q cite="https://example.org">a</q>'],
  ['a link of XLink', '<a xlink:href="https://example.org">a</a>', '<a href="https://example.org">a</a>'],
  ['an entity of HTML 5', '<p>a&Tab;b</p>', '<p>a&#9;b&nbsp;&Aacute;&euro;&hellip;&apos;</p>'],
  ['an entity that nobody defines', '<p>&xxe;</p>', '<p>&amp;xxe;</p>'],
  ['the character 0', '<p>&#0;</p>', '<p>&#48;</p>'],
  ['half a character by number', '<p>&#xD800;</p>', '<p>&#x1F600;</p>'],
  ['a number without digits', '<p>&#x;</p>', '<p>&#xA;</p>'],
  ['an event', '<p onmouseover="go()">a</p>', '<p title="onmouseover=go()">a</p>'],
  ['an event in capitals', '<p ONCLICK="go()">a</p>', '<p class="ONCLICK">a</p>'],
  ['an event beside a slash', '<p class="a"/onclick="go()">a</p>', '<p class="a" id="b">a</p>'],
  ['a comment that HTML ends at once', '<!--><img src="a" onerror="go()"/>-->', '<!-- > <img src="a" onerror="go()"/> -->'],
  ['a comment that HTML ends after a hyphen', '<!---><script>go()</script>-->', '<!-- -> <script>go()</script> -->'],
  ['a comment that HTML ends at --!>', '<!-- a --!><script>go()</script>-->', '<!-- a -!> b -->'],
  ['a comment with a condition', '<!--[if IE]><script>go()</script><![endif]-->', '<!-- if IE -->'],
  ['CDATA', '<![CDATA[<script>go()</script>]]>', '&lt;script>go()&lt;/script>'],
  ['a processing instruction', '<?php go() ?>', '&lt;?php go() ?>'],
  ['a declaration', '<!ENTITY a "b">', '&lt;!ENTITY a "b">'],
  ['another namespace', '<p xmlns="http://www.w3.org/2000/svg">a</p>', `<p ${XHTML}>a</p>`],
  ['a prefix', '<x:script xmlns:x="http://www.w3.org/1999/xhtml">go()</x:script>', '<code>x:script</code>'],
  ['an attribute twice', '<p style="color:red" style="color:blue">a</p>', '<p style="color:red" class="blue">a</p>'],
  ['MathML', '<math><mi>a</mi></math>', '<i>a</i>'],
  ['text that HTML does not parse', '<noscript><p>a</p></noscript>', '<samp>noscript</samp>'],
  ['a base', '<base href="https://example.org"/>', '<br/>'],
  ['a frame', '<frame src="a"/>', '<table frame="box"><tr><td>a</td></tr></table>'],
  ['a button', '<button>a</button>', '<b>a</b>'],
  ['a sound', '<audio src="a"></audio>', '<a name="audio">a</a>'],
])('%s is refused, its neighbour is accepted', (_what, attack, neighbour) => {
  expect(isSafeNarrative(`<div ${XHTML}><p>a</p>${attack}</div>`)).toBe(false);
  expect(isSafeNarrative(`<div ${XHTML}><p>a</p>${neighbour}</div>`)).toBe(true);
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
    `<div style="${'('.repeat(200_000)}">a</div>`,
    `<div style="${'a'.repeat(200_000)}:b">a</div>`,
    `<div><a href="${' '.repeat(200_000)}javascript:a">a</a></div>`,
  ];
  const took = processorTime(() => {
    for (const text of hostile) {
      expect(isSafeNarrative(text)).toBe(false);
      hasNarrativeContent(text);
    }
  });
  expect(took).toBeLessThan(1_000);
});
