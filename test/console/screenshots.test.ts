// The pictures of `npm run screenshots`: of every view, and with --readme those that README.md shows.
import { readFileSync } from 'node:fs';
import { buildServerEnvironment } from '../../scripts/screenshots/demo-server.ts';
import { PICTURES, README_PICTURES } from '../../scripts/screenshots/pictures.ts';
import { listMissingViews } from './list-views.ts';

test('every view of the console has a picture', () => {
  expect(listMissingViews(PICTURES.map(({ path }) => path))).toEqual([]);
});

test('a path is of one view only: that of an order is not a resource', () => {
  expect(listMissingViews(['/orders/an-order', '/explorer/Patient'])).toContain('/:type/:id');
});

test('the pictures of README.md are those that README.md shows', () => {
  const shown = [...readFileSync('README.md', 'utf8').matchAll(/\]\(docs\/images\/([\w-]+)\.png\)/g)].map(([, file]) => file);
  expect(README_PICTURES.map(({ file }) => file).sort()).toEqual(shown.sort());
  expect(README_PICTURES.filter(({ picture }) => !PICTURES.some(({ name }) => name === picture))).toEqual([]);
});

test('the server of the pictures gets no setting of the caller, so that its orders stay in its sandbox', () => {
  const own = { PORT: '0', FACET_DATA_DIR: '/a/directory', FACET_LOG_LEVEL: 'error', NODE_ENV: 'development' };
  const basics = { PATH: '/bin', HOME: '/home/person', TMPDIR: '/tmp' };
  const caller = {
    JUNCTION_API_KEY: 'a-key',
    JUNCTION_BASE_URL: 'https://junction.example',
    FACET_ISSUERS: '[]',
    FACET_DATA_DIR: '/another/directory',
    DATABASE_URL: 'postgres://database.example/facet',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'https://traces.example',
    NODE_ENV: 'production',
  };
  expect(buildServerEnvironment('/a/directory', { ...basics, ...caller })).toEqual({ ...basics, ...own });
});
