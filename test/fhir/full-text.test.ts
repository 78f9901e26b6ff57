// The words of a resource for `_text` and `_content`, and the syntax of searches by words. https://hl7.org/fhir/R4/search.html#text
import { readContentWords, readNarrativeWords } from '../../src/fhir/indexing/resource-texts.ts';
import { parseCondition } from '../../src/fhir/search/condition.ts';
import type { WordTest } from '../../src/fhir/search/query.ts';
import { buildRegistry } from '../../src/fhir/search/registry.ts';

const div = (content: string) => ({ text: { status: 'generated', div: `<div xmlns="http://www.w3.org/1999/xhtml">${content}</div>` } });

test.each<[string, string, string | undefined]>([
  ['tags separate words, but not inside of a word', '<p>Bone</p><p>li<b>ver</b></p><br/>H<sub>2</sub>O', 'bone liver h2o'],
  ['entities are characters', 'Caf&#233; &amp; M&#xFC;ller&nbsp;x &lt;5', 'cafe muller x 5'],
  ['accents, case and punctuation are removed', 'Évora, 3.5 mg; follow-up', 'evora 35 mg follow up'],
  ['comments and attributes are no text', '<!-- secret --><img alt="scan" src="x.png"/>seen', 'seen'],
  ['an invalid character reference separates words', 'a&#xD800;b&#0;c', 'a b c'],
  ['a narrative without words has none', '<hr/> – ', undefined],
])('narrative: %s', (_what, content, words) => expect(readNarrativeWords(div(content))).toBe(words));

test('a resource without narrative has no words', () => expect(readNarrativeWords({ resourceType: 'Patient' })).toBeUndefined());

test('content: all texts, without URIs, ids, references, content of attachments, and markup', () => {
  const report = {
    resourceType: 'DiagnosticReport',
    id: 'secret',
    meta: { tag: [{ display: 'hidden' }] },
    ...div('<p>Told</p>'),
    code: { coding: [{ system: 'http://loinc.org', code: '24323-8', display: 'Panel' }], text: 'Blood' },
    subject: { reference: 'Patient/x', display: 'Ada Lovelace' },
    contained: [{ resourceType: 'Observation', id: 'o', valueString: 'Inside' }],
    presentedForm: [{ contentType: 'text/plain', data: 'QUJD', title: 'Scan' }],
    extension: [{ url: 'urn:x', valueString: 'Extended' }],
  };
  expect(readContentWords(report)?.split(' ').sort()).toEqual(
    ['24323', '8', 'ada', 'blood', 'extended', 'generated', 'inside', 'lovelace', 'panel', 'plain', 'scan', 'text', 'told'].sort(),
  );
});

test('content: an object with the name of a text without words has words', () => {
  const consent = { provision: { data: [{ meaning: 'related', reference: { reference: 'Observation/1', display: 'Glucose' } }] } };
  expect(readContentWords(consent)).toBe('related glucose');
});

test('the words of a very long text are cut at 256 KiB, and very long words are left out', () => {
  const words = readContentWords({ note: `${'x'.repeat(201)} ${'word '.repeat(100_000)}` })!;
  expect(words.length).toBeLessThanOrEqual(256 * 1024);
  expect(new Set(words.split(' '))).toEqual(new Set(['word']));
});

const registry = buildRegistry([], undefined, { fullText: true });
const parse = (value: string): WordTest[] => {
  const condition = parseCondition({ registry, baseUrl: '', now: new Date() }, 'Condition', '_text', value);
  const each = condition.on === 'or' ? condition.any : [condition];
  return each.map((one) => (one.on === 'text' ? one.words : { phrase: `not a text: ${one.on}` }));
};
const [bone, liver, metastases] = ['bone', 'liver', 'metastases'].map((phrase) => ({ phrase }));

test.each<[string, unknown]>([
  ['bone', bone],
  ['Böne LIVER', { all: [{ phrase: 'bone' }, liver] }],
  ['(bone OR liver) and metastases', { all: [{ any: [bone, liver] }, metastases] }],
  ['bone or liver metastases', { any: [bone, { all: [liver, metastases] }] }],
  ['not bone and -liver', { all: [{ not: bone }, { not: liver }] }],
  ['bone NOT (liver or metastases)', { all: [bone, { not: { any: [liver, metastases] } }] }],
  ['"Liver\\, metastases"', { phrase: 'liver metastases' }],
  ['follow-up', { phrase: 'follow up' }],
  ['"bone', bone],
  ['android orbit', { all: [{ phrase: 'android' }, { phrase: 'orbit' }] }],
])('%s', (value, test) => expect(parse(value)).toEqual([test]));

test('a comma separates alternatives, unless it is escaped', () => {
  expect(parse('bone,liver metastases')).toEqual([bone, { all: [liver, metastases] }]);
  expect(parse('bone\\,liver')).toEqual([{ phrase: 'bone liver' }]);
});

test.each<[string, string]>([
  ['and', 'needs a word'],
  ['bone or', 'needs a word at the end'],
  ['(bone', 'an opening bracket without a closing one'],
  ['bone)', 'a closing bracket without an opening one'],
  ['""', 'in place of punctuation'],
  ['§', 'needs a word'],
  [`${'('.repeat(11)}x${')'.repeat(11)}`, '10 levels of brackets'],
  [Array(101).fill('x').join(' '), 'at most 100 words'],
])('%s is refused', (value, text) => expect(() => parse(value)).toThrow(text));

test('without the setting, the error names it', () => {
  const off = { registry: buildRegistry([]), baseUrl: '', now: new Date() };
  for (const name of ['_text', '_content', '_text:missing'])
    expect(() => parseCondition(off, 'Condition', name, 'x')).toThrow('must be started with FACET_FULLTEXT=on');
});

test.each(['_text:exact', '_content:contains'])('%s is refused', (name) =>
  expect(() => parseCondition({ registry, baseUrl: '', now: new Date() }, 'Condition', name, 'x')).toThrow('takes no modifier'),
);

test('a type without narrative has only _content', () => {
  expect([registry.lookup('Binary', '_text'), registry.lookup('Binary', '_content')?.type]).toEqual([undefined, 'string']);
});
