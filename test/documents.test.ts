// What documents list is complete and current: settings and metrics in the operator's guide, deprecated names in the changelog.
import { readdirSync, readFileSync } from 'node:fs';
import { DEPRECATED_METRICS, DEPRECATED_ORDER_STATES, DEPRECATED_VARIABLES } from '../src/deprecated-names.ts';

const readText = (file: string): string => readFileSync(file, 'utf8');
/** Settings for tests only. */
const UNDOCUMENTED = ['FACET_TEST_CLOCK'];

test("the operator's guide lists every setting, and no other", () => {
  const [, section] = /^## Configuration\n(.*?)^## /ms.exec(readText('docs/operators-guide.md'))!;
  const rows = section!.split('\n').filter((line) => line.startsWith('| `'));
  const listed = rows.flatMap((row) => [...row.split(' | ')[0]!.matchAll(/`(\w+)`/g)].map(([, name]) => name!));
  const settings = [...readText('src/config.ts').matchAll(/\benv\.([A-Z][A-Z_]+)/g)].map(([, name]) => name!);
  expect(listed.sort()).toEqual([...new Set(settings)].filter((name) => !UNDOCUMENTED.includes(name)).sort());
});

test('the changelog names what is deprecated, with what replaces it', () => {
  const [, section] = /^### Deprecated\n(.*?)^###? /ms.exec(readText('CHANGELOG.md'))!;
  const pairs = [DEPRECATED_VARIABLES, DEPRECATED_ORDER_STATES, DEPRECATED_METRICS].flatMap(Object.entries<string>);
  const lines = section!.split(/^- /m);
  expect(
    pairs.filter(([oldName, newName]) => !lines.some((line) => line.includes(`\`${oldName}\``) && line.includes(`\`${newName}\``))),
  ).toEqual([]);
});

test("each metric that the operator's guide names is served, and not under a deprecated name", () => {
  const [, section] = /^## Metrics and alarms\n(.*?)^## /ms.exec(readText('docs/operators-guide.md'))!;
  const named = [...new Set([...section!.matchAll(/\bfacet_\w+/g)].map(([name]) => name))];
  const served = readdirSync('src/observability')
    .map((file) => readText(`src/observability/${file}`))
    .join('\n');
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((name) => name in DEPRECATED_METRICS || !served.includes(`'${name}'`))).toEqual([]);
});

test('each alarm of the runbook names a test that rehearses it', () => {
  const alarms = readText('docs/runbook.md')
    .split(/^## (?=\d)/m)
    .slice(1);
  expect(alarms).toHaveLength(10);
  for (const alarm of alarms) {
    const [, file, title] = /^- \*\*Rehearsed\*\*: `(test\/\S+)`, "(.*)"\.$/m.exec(alarm) ?? [];
    expect(readText(file ?? alarm.split('\n')[0]!)).toContain(`'${title}'`);
  }
});
