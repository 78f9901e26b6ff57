// The pictures of `npm run screenshots`: of every view, and with --readme those that README.md shows.
import { readFileSync } from 'node:fs';
import { PICTURES, README_PICTURES } from '../../scripts/screenshots/pictures.ts';

test('every view of the console has a picture', () => {
  const views = [...readFileSync('src/console/views/views.ts', 'utf8').matchAll(/ path: '([^']+)'/g)].map(([, path]) => path!);
  const patterns = views.map((path) => ({ path, pattern: new RegExp(`^${path.replace(/:\w+/g, '[^/?]+')}(?:\\?.*)?$`) }));
  expect(views.length).toBeGreaterThan(8);
  expect(patterns.filter(({ pattern }) => !PICTURES.some(({ path }) => pattern.test(path))).map(({ path }) => path)).toEqual([]);
});

test('the pictures of README.md are those that README.md shows', () => {
  const shown = [...readFileSync('README.md', 'utf8').matchAll(/\]\(docs\/images\/([\w-]+)\.png\)/g)].map(([, file]) => file);
  expect(README_PICTURES.map(({ file }) => file).sort()).toEqual(shown.sort());
  expect(README_PICTURES.filter(({ picture }) => !PICTURES.some(({ name }) => name === picture))).toEqual([]);
});
