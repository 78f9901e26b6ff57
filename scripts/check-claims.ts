// `node scripts/check-claims.ts <package>… -- <folder>…`: checks every resource of these folders (JSON and NDJSON) that claims a profile of these packages, and
// counts what is refused, by rule.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readPackage } from '../src/cli/fhir-package.ts';
import { buildProfileCheckers } from '../src/fhir/profile/checker.ts';
import { type Definition, UnusableDefinitionError } from '../src/fhir/profile/definition.ts';
import { buildDefinitionLibrary } from '../src/fhir/profile/library.ts';
import { buildProfileIssues } from '../src/fhir/profile/profile-issues.ts';
import { listProfileClaims } from '../src/fhir/profile-claims.ts';
import { isServed, type Resource } from '../src/fhir/types.ts';

const args = process.argv.slice(2);
const end = args.indexOf('--');
const [packages, folders] = [args.slice(0, end), args.slice(end + 1)];

const resources = packages.flatMap((path) => {
  const { package: read } = readPackage(path);
  return read.definitions.map(({ body }) => ({ package: `${read.name}#${read.version}`, resource: JSON.parse(body) as Definition }));
});
const checkers = buildProfileCheckers(buildDefinitionLibrary(resources));

function* resourcesIn(folder: string): Generator<Resource> {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!/\.(nd)?json$/.test(entry.name)) continue;
    const text = readFileSync(join(entry.parentPath, entry.name), 'utf8');
    for (const json of entry.name.endsWith('.ndjson') ? text.split('\n').filter(Boolean) : [text]) yield JSON.parse(json) as Resource;
  }
}

function checkerOf(canonical: string) {
  try {
    return checkers.findChecker(canonical);
  } catch (error) {
    if (error instanceof UnusableDefinitionError) return undefined;
    throw error;
  }
}

const counts = { checked: 0, refused: 0 };
const rules = new Map<string, number>();
for (const resource of folders.flatMap((folder) => [...resourcesIn(folder)])) {
  if (!isServed(resource.resourceType)) continue;
  const claims = listProfileClaims(resource).flatMap(({ canonical, ...subject }) => {
    const checker = checkerOf(canonical);
    return checker ? [{ checker, subject }] : [];
  });
  if (!claims.length) continue;
  counts.checked++;
  const errors = claims
    .flatMap(({ checker, subject }) => buildProfileIssues(checker, subject, 100))
    .filter(({ severity }) => severity === 'error');
  if (errors.length) counts.refused++;
  for (const { expression, text } of errors) {
    const rule = `${expression?.join().replace(/\[\d+\]/g, '')}: ${text}`;
    rules.set(rule, (rules.get(rule) ?? 0) + 1);
  }
}
console.log(`${counts.checked} resources claim a profile that is loaded; ${counts.refused} refused`);
for (const [rule, count] of [...rules].sort((a, b) => b[1] - a[1])) console.log(`${count}  ${rule}`);
