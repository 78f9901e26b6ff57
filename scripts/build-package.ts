// Makes `dist/`, the program as JavaScript, for `npm pack`: Node runs TypeScript as it is, but not under node_modules. Types are stripped and imports lead to
// `.js` files; nothing else changes. npm runs it before it packs, and removes `dist/` afterwards.
import { cpSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const DIST = join(ROOT, 'dist');
/** The console's application is in `console-build/`, which npm's `prepare` makes. */
const CONSOLE = join(ROOT, 'src', 'console');
/** The specifier of an import or export from another file of the program. */
const SPECIFIER = /((?:\bfrom|\bimport)\s*\(?\s*'\.{1,2}\/[^']+)\.ts'/g;

rmSync(DIST, { recursive: true, force: true });
cpSync(join(ROOT, 'src'), DIST, { recursive: true, filter: (file) => file !== CONSOLE && !file.endsWith('.ts') });
for (const file of globSync('**/*.ts', { cwd: join(ROOT, 'src'), exclude: ['console/**'] })) {
  const code = stripTypeScriptTypes(readFileSync(join(ROOT, 'src', file), 'utf8')).replace(SPECIFIER, "$1.js'");
  writeFileSync(join(DIST, file.replace(/\.ts$/, '.js')), `${code.replace(/[ \t]+$/gm, '').trimEnd()}\n`);
}
