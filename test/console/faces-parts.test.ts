// The parts of the faces view without a browser: exact JSON, differences, three-way merge, lineage, safe narrative.
import { SaxesParser } from 'saxes';
import { findPlace, formatExact, isSame, type Json, parseExact, toLine } from '../../src/console/api/exact-json.ts';
import { buildFaces, type Faces } from '../../src/console/api/faces-data.ts';
import { findAuthor, type WriteEvent } from '../../src/console/views/faces/authors.ts';
import { listDifferences } from '../../src/console/views/faces/diff.ts';
import { findElementHighlight, findFieldHighlight, findFields, findHighlights, isUnshown } from '../../src/console/views/faces/lineage.ts';
import { contains, merge } from '../../src/console/views/faces/merge.ts';
import { filterNarrative, type SafeNode, type SourceNode } from '../../src/console/views/faces/narrative.ts';
import { groupNodes, listReferences } from '../../src/console/views/faces/reference-list.ts';
import { listRows } from '../../src/console/views/faces/rows.ts';
import { listChanges } from '../../src/faces/changes.ts';
import fc from '../fast-check.ts';

const exact = (text: string): Json => parseExact(text).value;
const json = (value: unknown): Json => exact(JSON.stringify(value));
const plain = (value: Json | undefined): unknown => (value === undefined ? undefined : JSON.parse(formatExact(value)));

describe('exact JSON', () => {
  test('numbers keep their digits, and a text is formatted like JSON.stringify does', () => {
    const text = '{\n  "value": 1.00,\n  "low": -2.50e3,\n  "list": [\n    "a\\"b",\n    {}\n  ],\n  "none": null\n}';
    expect(formatExact(exact(text))).toBe(text);
    expect([isSame(exact('1.0'), exact('1.00')), isSame(exact('{"a":1,"b":2}'), exact('{"b":2,"a":1}'))]).toEqual([false, true]);
  });

  test('every JSON value is the same after reading and formatting', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => expect(plain(json(value))).toEqual(JSON.parse(JSON.stringify(value)))));
  });

  test('places lead from a path to its line, and a missing element to the one around it', () => {
    const text = '{\n  "name": [\n    {\n      "family": "Hopper"\n    }\n  ],\n  "birthDate": "1906"\n}';
    const { places } = parseExact(text);
    const lineOf = (path: string): number => toLine(text, findPlace(places, path).from);
    expect(['birthDate', 'name[0].family', 'name[0].given[0]', 'gender'].map(lineOf)).toEqual([7, 4, 3, 1]);
    const { from, to } = findPlace(places, 'birthDate');
    expect(text.slice(from, to)).toBe('"birthDate": "1906"');
  });

  test('a name that occurs twice in an object is found where it is repeated', () => {
    const text = '{"a":1,"b":{"a":2,"a":3},"c":[{"a":1},{"a":1}]}';
    expect(parseExact(text).repeated).toEqual([{ name: 'a', from: text.indexOf('"a":3'), to: text.indexOf('"a":3') + 3 }]);
  });

  test('a text that is not JSON is refused', () => {
    expect(() => parseExact('{"a":}')).toThrow(SyntaxError);
  });
});

describe('differences', () => {
  const diff = (before: unknown, after: unknown) =>
    listDifferences(json(before), json(after)).map(({ path, before: one, after: other }) => [path, plain(one), plain(other)]);

  test('changed, added and removed elements are listed with their values', () => {
    expect(diff({ a: 1, b: { c: 'x' }, d: true }, { a: 2, b: { c: 'x', e: [] } })).toEqual([
      ['a', 1, 2],
      ['b.e', undefined, []],
      ['d', true, undefined],
    ]);
    expect(listDifferences(exact('{"v":1.0}'), exact('{"v":1.00}'))).toHaveLength(1);
  });

  test('an item that is inserted or removed does not change those behind it', () => {
    expect(diff([1, 2, 3], [0, 1, 2, 3])).toEqual([['[0]', undefined, 0]]);
    expect(diff(['a', 'b', 'c'], ['a', 'c'])).toEqual([['[1]', 'b', undefined]]);
    expect(diff([{ v: 1, w: 2 }, 'c'], [{ v: 1, w: 3 }, 'c'])).toEqual([['[0].w', 2, 3]]);
  });

  test('there is none exactly if the values are the same', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
        expect(listDifferences(json(one), json(other)).length === 0).toBe(isSame(json(one), json(other)));
        expect(listDifferences(json(one), json(one))).toEqual([]);
      }),
    );
  });
});

test('the server lists the same changes in a preview as the page does between two versions, however each keeps its numbers', () => {
  const telecom = ['+12125550001', 'ada@example.com', '+12125550002'].map((value) => ({ value }));
  expect(listChanges({ telecom }, { telecom: telecom.slice(1) })).toEqual([{ path: 'telecom[0]', before: telecom[0] }]);
  const item = fc.oneof(fc.constantFrom(1, 2, 'a', null), fc.record({ v: fc.constantFrom(1, 2), w: fc.array(fc.constantFrom(1, 2)) }));
  const lists = fc.record({ one: fc.array(item), other: fc.array(item) }, { requiredKeys: [] });
  fc.assert(
    fc.property(lists, lists, (before, after) =>
      expect(listChanges(before, after)).toEqual(
        listDifferences(json(before), json(after)).map((change) => ({
          ...change,
          before: plain(change.before),
          after: plain(change.after),
        })),
      ),
    ),
  );
});

describe('three-way merge', () => {
  const base = { given: 'Ada', family: 'Byron', phones: ['1', '2'], born: '1815' };
  const mergePlain = (mine: unknown, theirs: unknown, choices = new Map<string, 'mine' | 'theirs'>()) => {
    const { merged, conflicts } = merge({ base: json(base), mine: json(mine), theirs: json(theirs) }, choices);
    return { merged: plain(merged), conflicts: conflicts.map(({ path }) => path) };
  };

  test('changes of different elements are both taken, also additions and removals', () => {
    const { born: _, ...theirs } = { ...base, family: 'King', alive: false };
    expect(mergePlain({ ...base, given: 'Augusta', phones: ['1', '3'], city: 'London' }, theirs)).toEqual({
      merged: { given: 'Augusta', family: 'King', phones: ['1', '3'], alive: false, city: 'London' },
      conflicts: [],
    });
    expect(mergePlain({ ...base, phones: ['1', '3'] }, { ...base, phones: ['0', '2'] })).toEqual({
      merged: { ...base, phones: ['0', '3'] },
      conflicts: [],
    });
  });

  test('an element that both changed is a conflict, and the choice decides', () => {
    const [mine, theirs] = [
      { ...base, family: 'King' },
      { ...base, family: 'Noel' },
    ];
    expect(mergePlain(mine, theirs)).toEqual({ merged: mine, conflicts: ['family'] });
    expect(mergePlain(mine, theirs, new Map([['family', 'theirs']])).merged).toEqual(theirs);
    const { family: _, ...removed } = base;
    expect(mergePlain(removed, theirs, new Map([['family', 'theirs']]))).toEqual({ merged: theirs, conflicts: ['family'] });
    expect(mergePlain({ ...base, phones: ['1'] }, { ...base, phones: ['1', '2', '3'] }).conflicts).toEqual(['phones']);
  });

  test('what is stored contains my changes if merging them would change nothing', () => {
    const base = json({ a: 1, b: 2, at: 'first' });
    const mine = json({ a: 5, b: 2, at: 'first' });
    expect(
      [
        { a: 5, b: 2, at: 'second' },
        { a: 5, b: 7, at: 'second' },
        { a: 1, b: 7, at: 'second' },
        { a: 6, b: 2, at: 'second' },
      ].map((stored) => contains(json(stored), { base, mine })),
    ).toEqual([true, true, false, false]);
  });

  test('with one side unchanged the result is the other; equal changes are no conflict', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
        const [before, after] = [json(one), json(other)];
        for (const sides of [
          { base: before, mine: after, theirs: before },
          { base: before, mine: before, theirs: after },
          { base: before, mine: after, theirs: after },
        ]) {
          const { merged, conflicts } = merge(sides);
          expect([isSame(merged, after), conflicts]).toEqual([true, []]);
        }
      }),
    );
  });
});

const element = (path: string, resource?: string) => ({ path, ...(resource !== undefined && { resource }) });
const field = (name: string, elements: object[], conditions: object[] = []) => ({
  name,
  fhir: ['x'],
  mapping: 'v/p.yaml:1',
  elements,
  conditions,
});
const BODY = {
  resource: {
    resourceType: 'Patient',
    name: [{ family: 'Hopper', given: ['Grace'] }],
    telecom: [{ system: 'phone', value: '1' }],
    note: 1,
  },
  version: '1',
  faces: {
    one: [
      {
        shape: 'patient',
        path: '/patients/{id}',
        change: 'PATCH',
        view: { full: 'Grace Hopper', address: { city: null }, phones: [{ number: '1' }], role: 'Chief' },
        fields: [
          field('full', [element('name[0].family'), element('name[0].given[0]')]),
          field('address.city', []),
          field('phones', [element('telecom')]),
          field('phones[0].number', [element('telecom[0].value')], [element('telecom[0].system')]),
          field('role', [element('code[0].text', 'PractitionerRole/1')]),
        ],
      },
    ],
    two: [{ shape: 'person', path: '/people/{id}', view: { last: 'Hopper' }, fields: [field('last', [element('name[0].family')])] }],
    three: [{ shape: 'joined', path: '/joined/{id}', needs: ['system/PractitionerRole.s'] }],
  },
  unshown: ['note'],
};

describe('lineage', () => {
  const faces: Faces = buildFaces('Patient', '1', BODY as never, json(BODY));
  const [one, two] = faces.faces as [Faces['faces'][0], Faces['faces'][0]];
  const namesOf = (target: Parameters<typeof findHighlights>[1]) =>
    findHighlights(faces, target).list.map(({ face, field: { name }, kind }) => [face.surface, name, kind]);

  test('an element lights the fields that show it, of all faces, and those that it decides', () => {
    expect(namesOf({ path: 'name[0].family' })).toEqual([
      ['one', 'full', 'shows'],
      ['two', 'last', 'shows'],
    ]);
    expect(namesOf({ path: 'name' })).toEqual(namesOf({ path: 'name[0].family' }));
    expect(namesOf({ path: 'telecom[0].system' })).toEqual([
      ['one', 'phones', 'shows'],
      ['one', 'phones[0].number', 'decides'],
    ]);
    expect(namesOf({ path: 'note' })).toEqual([]);
  });

  test('a field lights its elements, what decides, and the fields that show the same', () => {
    const highlights = findHighlights(faces, { face: two.key, path: 'last' });
    expect([...highlights.elements]).toEqual([['name[0].family', 'shows']]);
    expect(highlights.list.map(({ field: { name } }) => name)).toEqual(['last', 'full']);
    expect([
      findFieldHighlight(highlights, one, 'full'),
      findFieldHighlight(highlights, one, 'role'),
      findElementHighlight(highlights, 'name[0].given[0]'),
    ]).toEqual(['shows', undefined, undefined]);
    const phone = findHighlights(faces, { face: one.key, path: 'phones[0].number' });
    expect([findElementHighlight(phone, 'telecom[0].value'), findElementHighlight(phone, 'telecom[0].system')]).toEqual([
      'shows',
      'decides',
    ]);
  });

  test('a place in a view belongs to its innermost field; a place without one to all in it', () => {
    expect(findFields(one, 'phones[0].number').map(({ name }) => name)).toEqual(['phones[0].number']);
    expect(findFields(one, 'address').map(({ name }) => name)).toEqual(['address.city']);
    expect(findFields(one, 'phones[0]').map(({ name }) => name)).toEqual(['phones']);
  });

  test('what another resource has lights nothing of this one, and what no face shows is told', () => {
    expect(findHighlights(faces, { face: one.key, path: 'role' }).elements.size).toBe(0);
    expect([isUnshown(faces, 'note'), isUnshown(faces, 'name')]).toEqual([true, false]);
  });
});

test('rows have one element each, with its path', () => {
  const rows = listRows(exact('{"id":"1","name":[{"given":["Ada"]}],"v":1.00,"none":[]}'));
  expect(rows.map(({ depth, name = '', text }) => `${' '.repeat(depth)}${name}${text}`)).toEqual([
    'id"1"',
    'name[',
    ' {',
    '  given[',
    '   "Ada"',
    '  ]',
    ' }',
    ']',
    'v1.00',
    'none[]',
  ]);
  expect(rows.filter(({ isEnd }) => !isEnd).map(({ path }) => path)).toEqual([
    'id',
    'name',
    'name[0]',
    'name[0].given',
    'name[0].given[0]',
    'v',
    'none',
  ]);
});

describe('who made a version', () => {
  const facet = { requestor: false, who: {} };
  const client = (altId: string, value: string, requestor: boolean) => ({ altId, requestor, who: { identifier: { value } } });
  const events: WriteEvent[] = [
    { agent: [client('key-1', 'key-1', true), facet] },
    { agent: [client('token-1', 'portal', false), facet, { requestor: true, who: { reference: 'Practitioner/1' } }] },
    { agent: [client('token-2', 'importer', true), facet] },
  ];

  test('is the key, the user of an access token, or its client', () => {
    expect(['key-1', 'token-1', 'token-2'].map((actor) => findAuthor(actor, events))).toEqual(['key-1', 'Practitioner/1', 'importer']);
  });

  test('is the actor of the history if the audit has no event of it any more', () => {
    expect(findAuthor('token-3', events)).toBe('token-3');
  });
});

describe('references', () => {
  test('to stored resources are found with their elements, whatever the version; others are left out', () => {
    const references = ['Patient/1', 'Patient/1/_history/2', '#contained', 'https://elsewhere.test/fhir/Patient/2', 'urn:uuid:1'];
    const resource = { subject: { reference: 'Group/1' }, performer: references.map((reference) => ({ reference })) };
    expect(listReferences(json(resource))).toEqual([
      { target: 'Group/1', paths: ['subject'] },
      { target: 'Patient/1', paths: ['performer[0]', 'performer[1]'] },
    ]);
  });

  test('many of one type are one node of the graph', () => {
    const ends = ['Observation/1', 'Observation/2', 'Observation/3', 'Observation/4', 'Observation/5', 'Task/1'].map((target) => ({
      target,
      paths: ['subject', 'performer[1]'],
    }));
    expect(groupNodes(ends)).toEqual([
      { title: 'Observation · subject · performer', note: '5 resources' },
      { title: 'Task · subject · performer', note: '1', target: 'Task/1' },
    ]);
  });
});

describe('narrative', () => {
  /** A document as a browser parses it. */
  function parse(xhtml: string): SourceNode {
    const root = { nodeType: 9, nodeValue: null, childNodes: [] as SourceNode[] };
    const open = [root];
    const parser = new SaxesParser({ xmlns: true });
    parser.on('opentag', ({ local, uri, attributes }) => {
      const values = Object.values(attributes).map(({ name, value }) => ({ name, value }));
      const node = { nodeType: 1, localName: local, namespaceURI: uri, nodeValue: null, attributes: values, childNodes: [] };
      open.at(-1)!.childNodes.push(node);
      open.push(node as never);
    });
    parser.on('closetag', () => void open.pop());
    parser.on('text', (nodeValue) => void open.at(-1)!.childNodes.push({ nodeType: 3, nodeValue, childNodes: [] }));
    parser.on('comment', (nodeValue) => void open.at(-1)!.childNodes.push({ nodeType: 8, nodeValue, childNodes: [] }));
    parser.write(xhtml).close();
    return [...root.childNodes][0]!;
  }
  const print = (nodes: SafeNode[]): string =>
    nodes
      .map((node) =>
        typeof node === 'string'
          ? node
          : `<${node.name}${Object.entries(node.attributes)
              .map(([name, value]) => ` ${name}="${value}"`)
              .join('')}>${print(node.children)}</${node.name}>`,
      )
      .join('');
  const filter = (inner: string): string => print(filterNarrative(parse(`<div xmlns="http://www.w3.org/1999/xhtml">${inner}</div>`)));

  test('text, lists and tables are kept, without classes, styles and ids', () => {
    expect(
      filter(
        '<p class="x" style="color:red" id="a">Hello <b>you</b></p><table border="1"><tr><td colspan="2" onclick="x()">1</td></tr></table>',
      ),
    ).toBe('<p>Hello <b>you</b></p><table><tr><td colspan="2">1</td></tr></table>');
    expect(filter('<h1>Title</h1><ul><li>one</li></ul>')).toBe('<p>Title</p><ul><li>one</li></ul>');
  });

  test.each([
    ['a script', '<script>alert(1)</script>', ''],
    ['an event', '<p onmouseover="alert(1)">x</p>', '<p>x</p>'],
    ['a style', '<style>p{background:url(https://x.test/)}</style>', ''],
    ['a frame', '<iframe src="https://x.test/"></iframe>', ''],
    ['an image elsewhere', '<img src="https://x.test/a.png" alt="lungs"/>', '[image: lungs]'],
    ['an SVG image', '<img src="data:image/svg+xml;base64,AAAA" alt=""/>', '[image]'],
    ['SVG', '<svg xmlns="http://www.w3.org/2000/svg"><script>x</script></svg>', ''],
    ['a link', '<a href="javascript:alert(1)">x</a>', 'x <code>javascript:alert(1)</code>'],
    ['an unknown element', '<custom><b>x</b></custom>', '<b>x</b>'],
    ['a form', '<form action="https://x.test/"><input name="a"/></form>', ''],
    ['a comment', '<!-- hidden -->x', 'x'],
  ])('%s cannot run, load or lead elsewhere', (_name, source, shown) => {
    expect(filter(source)).toBe(shown);
  });

  test('an image in the text itself is kept, and a link within the narrative is its text', () => {
    expect(filter('<img src="data:image/png;base64,iVBORw0=" alt="x"/><a href="#b">b</a>')).toBe(
      '<img src="data:image/png;base64,iVBORw0=" alt="x"></img>b',
    );
  });

  test('a narrative that is nested without end is cut off', () => {
    expect(filter('<span>'.repeat(5000) + '</span>'.repeat(5000)).length).toBeLessThan(2000);
  });
});
