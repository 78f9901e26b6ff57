// The floors of the house: a room imports from floors below it, and some things are touched in one room only. Its documents lead to what is there.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';

const SRC = 'src';
/** What each room may import, besides itself. Files directly under src/, server, observability and the command line are the roof and may import all. */
const FLOORS: Record<string, string[]> = {
  fhir: [],
  tracing: [],
  // pure, also for the browser
  'json-changes': [],
  messaging: ['fhir'],
  store: ['messaging', 'fhir'],
  mapping: ['fhir'],
  'mapping-tools': ['mapping', 'fhir'],
  interactions: ['store', 'messaging', 'fhir'],
  audit: ['interactions', 'store', 'messaging', 'fhir'],
  'access-tokens': ['interactions', 'store', 'messaging', 'tracing', 'fhir'],
  'vendor-api': ['mapping', 'interactions', 'store', 'messaging', 'fhir'],
  faces: ['vendor-api', 'mapping', 'interactions', 'store', 'messaging', 'fhir', 'json-changes'],
  administration: ['orders', 'vendor-api', 'mapping', 'interactions', 'store', 'messaging', 'fhir'],
  sessions: [],
  http: ['audit', 'sessions', 'administration', 'faces', 'vendor-api', 'mapping', 'interactions', 'store', 'fhir'],
  junction: ['messaging', 'tracing', 'fhir'],
  'junction-sandbox': ['fhir'],
  orders: ['junction', 'mapping', 'interactions', 'store', 'messaging', 'tracing', 'fhir'],
  physicians: ['orders', 'junction', 'interactions', 'store', 'messaging', 'fhir'],
  subscriptions: ['interactions', 'store', 'messaging', 'tracing', 'fhir'],
  // design: colours, fonts and the icon, no program
  console: ['design', 'json-changes'],
};
/** What each folder of a room may import of the others; the files beside them belong to none. */
const FOLDERS: Record<string, Record<string, string[]>> = {
  fhir: {
    terminology: [],
    'terminology-operations': ['terminology', 'indexing'],
    fhirpath: [],
    indexing: [],
    validation: ['fhirpath', 'terminology'],
    'writable-path': ['fhirpath', 'validation', 'terminology'],
    patch: ['writable-path'],
    xml: [],
    graphql: ['search', 'indexing', 'fhirpath'],
    profile: ['validation', 'fhirpath', 'terminology'],
    search: ['indexing', 'fhirpath', 'terminology'],
  },
  store: {
    database: [],
    resources: ['database'],
    search: ['resources', 'database'],
    queues: ['database'],
  },
  mapping: {
    lens: [],
    request: ['lens'],
    query: ['request', 'lens'],
    response: ['lens'],
    load: ['response', 'query', 'request', 'lens'],
    openapi: ['load', 'response', 'query', 'request', 'lens'],
    explain: ['openapi', 'load', 'response', 'query', 'request', 'lens'],
  },
  'mapping-tools': {
    laws: [],
    scaffold: [],
  },
  http: {
    middleware: [],
    admin: ['middleware'],
    fhir: ['middleware'],
    vendor: ['middleware'],
    console: ['fhir', 'middleware'],
    webhooks: ['middleware'],
    openapi: ['middleware'],
    docs: ['middleware'],
  },
  orders: {
    catalogue: [],
    accounts: [],
    place: ['accounts'],
    deliver: ['place', 'accounts'],
    track: ['deliver', 'place', 'accounts'],
    results: ['track'],
    webhooks: ['track', 'accounts'],
  },
  console: {
    api: [],
    components: ['api'],
    edits: ['components', 'api'],
    views: ['edits', 'components', 'api'],
  },
};
/** Packages that one room, or a few, may import. */
const KEPT_IN: Record<string, string | string[]> = {
  express: 'http',
  'rate-limiter-flexible': 'http',
  knex: 'store',
  pg: 'store',
  '@electric-sql/pglite': 'store',
  'prom-client': 'roof',
  '@opentelemetry/api': 'roof',
  '@opentelemetry/sdk-trace': 'roof',
  commander: 'roof',
  jose: ['access-tokens', 'sessions'],
  'openid-client': 'access-tokens',
  preact: 'console',
  uplot: 'console',
  '@codemirror/state': 'console',
  '@codemirror/view': 'console',
};
/** Words that belong to one vendor: they stand in mappings/ and fhir-profiles/, never in the program. */
const VENDOR_WORDS = [
  'brand_id',
  'practitionerId',
  'clep_permit',
  'is_bookable',
  'availableDays',
  'junction_order_id',
  'external_ids',
  'loop.health',
  'jumpehr',
  'clinik',
];
const ROOF = ['src', 'src/cli', 'src/server', 'src/observability'];

const files = (dir: string): string[] =>
  readdirSync(dir).flatMap((name) => (statSync(join(dir, name)).isDirectory() ? files(join(dir, name)) : [join(dir, name)]));

const isProgram = (file: string): boolean => /\.tsx?$/.test(file);
const sources = files(SRC).filter(isProgram);
const textOf = (file: string): string => readFileSync(file, 'utf8');
const isRoof = (folder: string): boolean => ROOF.some((roof) => folder === roof || (roof !== SRC && folder.startsWith(`${roof}/`)));
const roomOf = (file: string): string => (isRoof(dirname(file)) ? 'roof' : relative(SRC, file).split('/')[0]!);
const importsOf = (text: string): string[] => [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1]!);

test('the house is built of the rooms the architecture names', () => {
  expect([...new Set(sources.map(roomOf))].sort()).toEqual([...Object.keys(FLOORS), 'roof'].sort());
});

test('no room imports from beside or above', () => {
  const upward = sources.flatMap((file) =>
    importsOf(textOf(file))
      .filter((name) => name.startsWith('.'))
      .map((name) => roomOf(normalize(join(dirname(file), name))))
      .filter((room) => roomOf(file) !== 'roof' && room !== roomOf(file) && !FLOORS[roomOf(file)]!.includes(room))
      .map((room) => `${file} → ${room}`),
  );
  expect(upward).toEqual([]);
});

/** The folder of its room that a file stands in; undefined beside them. */
const folderOf = (file: string): string | undefined => {
  const [, folder, ...rest] = relative(SRC, file).split('/');
  return rest.length ? folder : undefined;
};

test.each(Object.entries(FOLDERS))('no folder of %s imports from beside or above', (room, may) => {
  const inRoom = sources.filter((file) => roomOf(file) === room);
  const within = (file: string): string[] =>
    importsOf(textOf(file))
      .filter((name) => name.startsWith('.'))
      .map((name) => normalize(join(dirname(file), name)))
      .filter((other) => roomOf(other) === room);
  /** The folders that an import leads to, through files beside them too. */
  const behind = (file: string): string[] => {
    const folder = folderOf(file);
    return folder === undefined ? within(file).flatMap(behind) : [folder];
  };
  const upward = inRoom.flatMap((file) => {
    const folder = folderOf(file);
    return within(file)
      .flatMap(behind)
      .filter((other) => folder !== undefined && other !== folder && !may[folder]!.includes(other))
      .map((other) => `${file} → ${other}`);
  });
  expect(upward).toEqual([]);
  expect([...new Set(inRoom.flatMap((file) => folderOf(file) ?? []))].sort()).toEqual(Object.keys(may).sort());
});

test('no view of the console imports from another one', () => {
  const views = join(SRC, 'console', 'views');
  const viewOf = (file: string): string | undefined => /^(\w[^/]*)\//.exec(relative(views, file))?.[1];
  const astray = sources.flatMap((file) =>
    importsOf(textOf(file))
      .filter((name) => name.startsWith('.'))
      .map((name) => viewOf(normalize(join(dirname(file), name))))
      .filter((other) => viewOf(file) !== undefined && other !== undefined && other !== viewOf(file))
      .map((other) => `${file} → ${other}`),
  );
  expect(sources.filter(viewOf).length).toBeGreaterThan(50);
  expect(astray).toEqual([]);
});

test('no files import each other in a circle, not for a type and not when they run', () => {
  const next = new Map(sources.map((file) => [file, importsOf(textOf(file)).map((name) => normalize(join(dirname(file), name)))] as const));
  /** What is left when every file is taken away that imports none of those left, or that none of them imports: the circles. */
  const findCircles = (some: string[]): string[] => {
    const imported = new Set(some.flatMap((file) => next.get(file)!));
    const still = some.filter((file) => imported.has(file) && next.get(file)!.some((name) => some.includes(name)));
    return still.length < some.length ? findCircles(still) : still;
  };
  expect(findCircles(sources)).toEqual([]);
});

/** Its exports are what the script that writes it makes. */
const GENERATED = 'src/fhir/generated/';
const EXPORTED = /^export (?:async )?(?:function|const|class|interface|type) (\w+)/gm;
const IMPORTED = /(?:import|export)\s+(?:type\s+)?\{([^}]*)\}\s+from\s+'(\.[^']+)'/g;
/** What a file takes of others, each as `file name`. */
const listImportedNames = (file: string): string[] =>
  [...textOf(file).matchAll(IMPORTED)].flatMap(([, names = '', from = '']) =>
    names.split(',').map(
      (name) =>
        `${normalize(join(dirname(file), from))} ${
          name
            .trim()
            .replace(/^type /, '')
            .split(' ')[0]
        }`,
    ),
  );

/** Files that are taken whole: `import * as`, `import('…')`. */
const takenWhole = (file: string): string[] =>
  [...textOf(file).matchAll(/(?:\* as \w+ from |import\()\s*'(\.[^']+)'/g)].map(([, from = '']) => normalize(join(dirname(file), from)));

test('what is exported is imported somewhere', () => {
  const importers = [...sources, ...files('test'), ...files('scripts')].filter(isProgram);
  const expected = new Set(importers.flatMap(listImportedNames));
  const whole = new Set(importers.flatMap(takenWhole));
  const tended = sources.filter((file) => !whole.has(file) && !file.startsWith(GENERATED));
  const exported = tended.flatMap((file) => [...textOf(file).matchAll(EXPORTED)].map(([, name]) => `${file} ${name}`));
  expect(exported.length).toBeGreaterThan(500);
  expect(exported.filter((one) => !expected.has(one))).toEqual([]);
});

test('express stays in http, the database drivers in store', () => {
  const astray = sources.flatMap((file) =>
    importsOf(textOf(file))
      .filter((name) =>
        Object.entries(KEPT_IN).some(
          ([kept, room]) => (name === kept || name.startsWith(`${kept}/`)) && ![room].flat().includes(roomOf(file)),
        ),
      )
      .map((name) => `${file} → ${name}`),
  );
  expect(astray).toEqual([]);
});

test('SQL stands in the store: no other room asks the database by a statement', () => {
  expect(sources.filter((file) => roomOf(file) !== 'store' && /\b(?:database|inside)\.(?:query|script)\b/.test(textOf(file)))).toEqual([]);
});

test('the environment is read in config.ts alone, but for FACET_TYPES, from which constants are derived', () => {
  expect(sources.filter((file) => textOf(file).includes('process.env'))).toEqual([join(SRC, 'config.ts'), join(SRC, 'fhir/types.ts')]);
});

/** The database's own clock, in SQL. */
const DATABASE_TIME =
  /\bnow\s*\(\s*\)|\b(?:current_(?:timestamp|date|time)|local(?:time|timestamp)|(?:clock|statement|transaction)_timestamp)\b|\btimeofday\s*\(/i;
const COMMENT = /\/\*[\s\S]*?\*\/|(?:^|\s)\/\/.*$|^\s*--.*$/gm;
const TEXT = /`[^`]*`|'[^'\n]*'|"[^"\n]*"/g;
/** All texts of a program, without what is computed into them; a migration is one text. */
const textsIn = (file: string, text: string): string[] => {
  const bare = text.replace(COMMENT, ' ');
  return file.endsWith('.sql') ? [bare] : (bare.match(TEXT) ?? []).map((one) => one.replace(/\$\{[^}]*\}/g, ' '));
};
const asksTheTime = (file: string, text: string): boolean => textsIn(file, text).some((one) => DATABASE_TIME.test(one));

test('no SQL asks the database what time it is: times are given, so that tests can move them', () => {
  const migrations = files('migrations').filter((file) => file.endsWith('.sql'));
  expect(migrations.length).toBeGreaterThan(5);
  expect([...sources, ...migrations].filter((file) => asksTheTime(file, textOf(file)))).toEqual([]);
});

test.each([
  ['a statement', 'a.ts', 'const DUE = `select 1\n  where next_at <= now()`;', true],
  ['a word', 'a.ts', "query('select CURRENT_TIMESTAMP')", true],
  ['a default', 'a.sql', 'at timestamptz default clock_timestamp()', true],
  ['a call of ours', 'a.ts', 'const at = now(); // not now()', false],
  ['a remark', 'a.sql', '-- never now()\nselect 1', false],
])('SQL that asks for the time is told from what does not: %s', (_what, file, text, asks) => {
  expect(asksTheTime(file, text)).toBe(asks);
});

test('no vendor word stands in the program', () => {
  const found = sources.flatMap((file) =>
    VENDOR_WORDS.filter((word) => textOf(file).toLowerCase().includes(word.toLowerCase())).map((word) => `${file}: ${word}`),
  );
  expect(found).toEqual([]);
});

test('no room is called util, helpers or common, and there are no barrels', () => {
  const rooms = [...sources, ...files('test')].filter((file) => /(^|\/)(utils?|helpers?|common|misc|index)(\/|\.tsx?$)/.test(file));
  expect(rooms).toEqual([]);
});

test('no file is longer than 400 lines, and nine in ten stay under 250', () => {
  const lengths = [...sources, ...files('test'), ...files('scripts')]
    .filter(isProgram)
    .map((file) => ({ file, lines: textOf(file).split('\n').length }));
  expect(lengths.filter(({ lines }) => lines > 400)).toEqual([]);
  expect(lengths.filter(({ lines }) => lines < 250).length / lengths.length).toBeGreaterThanOrEqual(0.9);
});

test('each file opens with a sentence that says what it is', () => {
  expect(sources.filter((file) => !/^(#![^\n]*\n)?\/\/ \S/.test(textOf(file)))).toEqual([]);
});

const DECISIONS = join('docs', 'decisions');
/** What a document leads to in this repository, as paths from its root. */
const linksIn = (document: string): string[] =>
  [...textOf(document).matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g)].map(([, link]) => normalize(join(dirname(document), link!)));

test('each decision stands once in docs/decisions/README.md: a new one gets its line there', () => {
  const list = join(DECISIONS, 'README.md');
  const decisions = files(DECISIONS).filter((file) => file !== list);
  expect(
    linksIn(list)
      .filter((file) => dirname(file) === DECISIONS)
      .sort(),
  ).toEqual(decisions.sort());
});

test('a decision that a file names is there, by its former name in migrations, whose text never changes', () => {
  const former = [...textOf(join(DECISIONS, 'README.md')).matchAll(/^\| `([\w-]+\.md)` \|/gm)].map(([, name]) => `docs/decisions/${name}`);
  const naming = ['bin', 'src', 'mappings', 'migrations', 'scripts', 'test'].flatMap(files);
  const named = naming.flatMap((file) => [...textOf(file).matchAll(/docs\/decisions\/[\w-]+\.md/g)].map(([name]) => ({ file, name })));
  expect(named.length).toBeGreaterThan(50);
  expect(named.filter(({ file, name }) => !existsSync(name) && !(file.startsWith('migrations') && former.includes(name)))).toEqual([]);
});

test('the picture in docs/architecture.md shows every room, and no arrow that goes up', () => {
  const [, picture] = /```mermaid\n(.*?)```/s.exec(textOf('docs/architecture.md'))!;
  const drawn = [...picture!.matchAll(/^ {4}([\w-]+)\["/gm)].map(([, room]) => room!);
  expect(drawn.sort()).toEqual(Object.keys(FLOORS).sort());
  const arrows = [...picture!.matchAll(/^ {2}([\w-]+) --> ([\w-]+)$/gm)].map(([, from, to]) => [from!, to!] as const);
  expect(arrows.length).toBeGreaterThanOrEqual(drawn.length - 1);
  expect(arrows.filter(([from, to]) => drawn.includes(from) && drawn.includes(to) && !FLOORS[from]!.includes(to))).toEqual([]);
});

/** What is named there and is no path of a shape: the network's own door, prefixes, and the end of a path. */
const NO_SHAPES = ['/v1/webhooks/junction', '/loop', '/clinik', '/jump', '/api-v1', '/v1', '/functions/v1/api-v1', '/{id}'];

test('docs/vendors.md lists the paths of all shapes as served, and no others', () => {
  const served = textOf('docs/vendors.md')
    .split(/^(?=## )/m)
    .find((section) => section.startsWith('## Served\n'))!;
  const listed = [...served.matchAll(/`(?:[A-Z]+ )?(\/[^`]*)`/g)].map(([, path]) => path!);
  const shapes = files('mappings').flatMap((file) => textOf(file).match(/(?<=^path: )\S+/gm) ?? []);
  expect(shapes.length).toBeGreaterThan(20);
  expect(shapes.filter((path) => !listed.includes(path))).toEqual([]);
  const ofAShape = (path: string): boolean => shapes.includes(path) || shapes.includes(path.replace(/\/\{id\}$/, ''));
  expect(listed.filter((path) => !ofAShape(path) && !NO_SHAPES.includes(path))).toEqual([]);
});

test('no document leads to what is not there', () => {
  const documents = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...files('docs').filter((file) => file.endsWith('.md'))];
  expect(
    documents.flatMap((file) =>
      linksIn(file)
        .filter((to) => !existsSync(to))
        .map((to) => `${file} → ${to}`),
    ),
  ).toEqual([]);
});

test('README leads to every document', () => {
  const reached = new Set(['README.md']);
  for (const document of reached) if (document.endsWith('.md') && existsSync(document)) for (const to of linksIn(document)) reached.add(to);
  expect(files('docs').filter((file) => file.endsWith('.md') && !reached.has(file))).toEqual([]);
});
