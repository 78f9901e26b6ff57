// Executes docs/a-shape-in-ten-minutes.md: its files are the mapping, and its commands have the printed output.
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../src/cli/program.ts';

const CHAPTER = readFileSync('docs/a-shape-in-ten-minutes.md', 'utf8');
const blocks = [...CHAPTER.matchAll(/^```(\w+)(?: file=(\S+))?\n(.*?)\n```$/gms)].map(([, language, file, text]) => ({
  language,
  file,
  text: text!,
}));
const fileOf = (name: string): string => `${blocks.find(({ file }) => file === name)!.text}\n`;
const commands = blocks.filter(({ language }) => language === 'console').map(({ text }) => text);

const home = process.cwd();
let place: string;
beforeAll(() => {
  place = realpathSync(mkdtempSync(join(tmpdir(), 'facet-chapter-')));
  cpSync('mappings', join(place, 'mappings'), { recursive: true });
  process.chdir(place);
  writeFileSync('sample.json', blocks.find(({ language }) => language === 'json')!.text);
  writeFileSync('body.json', /\(`body\.json`: `(.*?)`\.\)/.exec(CHAPTER)![1]!);
});
afterAll(() => {
  process.chdir(home);
  rmSync(place, { recursive: true });
});

/** What a command prints; it begins with `$ facet`. */
async function printed(command: string): Promise<string> {
  const lines: string[] = [];
  const { log } = console;
  Object.assign(console, { log: (text: string) => lines.push(text) });
  try {
    await run([...command.replace('$ facet ', '').split(' '), '--mappings', 'mappings']);
  } finally {
    Object.assign(console, { log });
    process.exitCode = undefined;
  }
  return lines.join('\n');
}

const mapping = fileOf('customer.yaml');
const write = (name: string, text: string): void => writeFileSync(join('mappings/acme', name), text);

/** What the reader does before each command. */
const BEFORE: (() => void)[] = [
  () => {},
  () => write('customer.yaml', mapping.replace('fhir: birthDate', 'fhir: birthdate').replace('fhir: line.first()', 'fhir: line')),
  () => write('customer.yaml', mapping.replace('fhir: line.first()', 'fhir: line')),
  () => write('customer.yaml', mapping),
  () => write('customer.examples.yaml', fileOf('customer.examples.yaml')),
  () => {},
  () => {},
];

test('every command has the output that the chapter prints', async () => {
  expect(commands).toHaveLength(BEFORE.length);
  for (const [at, block] of commands.entries()) {
    BEFORE[at]!();
    const [command, ...output] = block.split('\n');
    const text = await printed(command!);
    expect([command, columnsOf(command!, text)]).toEqual([command, columnsOf(command!, output.join('\n'))]);
    if (at === 0) expect(blocks.map((block) => block.text)).toContain(readFileSync('mappings/acme/customer.yaml', 'utf8').trimEnd());
  }
});

/** Which search parameters find a field changes with the search parameters there are: of that table the first two columns count. */
const columnsOf = (command: string, text: string): string =>
  command.includes('explain') ? text.replaceAll(/^(\S+ {2,}\S+).*$/gm, '$1').replaceAll(/^ {20,}.*\n/gm, '') : text;
