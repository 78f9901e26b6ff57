// `facet mapping …`: commands for authors of mappings. They need no database and no running server.

import { existsSync, readFileSync } from 'node:fs';
import { text as readAll } from 'node:stream/consumers';
import type { Command } from 'commander';
import { toMessage } from '../mapping/diagnostics.ts';
import type { LoadedShape } from '../mapping/load/loaded.ts';
import type { MappingFiles, MappingFolders } from './mapping-files.ts';

const HELP = {
  mapping: `
A mapping file gives each field of a vendor's JSON a path in a FHIR resource: mappings/<vendor>/<shape>.yaml, with its examples beside it.
docs/a-shape-in-ten-minutes.md is a tutorial.

Usual order:
  facet mapping new acme/customer sample.json      create one from a sample of the vendor's JSON
  facet mapping check acme/customer                report mistakes, with place and correction
  facet mapping explain acme/customer              show FHIR paths, searches, indexes and losses
  facet mapping try acme/customer body.json        convert a body into a resource, and back
  facet start --watch-mappings                     serve it, and reload it whenever a file changes`,
  check: `
Without names all mappings are checked. The exit code is 1 when there are mistakes.

Examples:
  facet mapping check
  facet mapping check acme                         all shapes of a vendor
  facet mapping check acme/customer --quick        without its examples`,
  explain: `
For each field: its FHIR path, the search parameters that find it, and their index. Then the FHIR search of each filter, the elements that are not shown,
and the values that FHIR stores in another form.

Example:
  facet mapping explain acme/customer`,
  try: `
A body with a resourceType is a FHIR resource: its view is printed. Nothing is stored.

Examples:
  facet mapping try acme/customer body.json
  echo '{"first_name":"Ada"}' | facet mapping try acme/customer`,
  new: `
Writes mappings/<vendor>/<shape>.yaml and its examples, and surface.yaml for a new vendor. Each property of the sample gets a FHIR path
where its name suggests one; the others become comments. Existing files are not overwritten.

Examples:
  facet mapping new acme/customer sample.json
  curl -s https://api.example.com/doctors/1 | facet mapping new acme/doctor - --resource Practitioner`,
  types: `
Example:
  facet mapping types acme > acme.ts`,
};

interface Options extends MappingFolders {
  quick?: boolean;
  resource?: string;
}

/** Adds the commands. */
export function mappingCommands(mapping: Command): void {
  mapping.description('create, check, explain and try mappings of vendors’ shapes').addHelpText('after', HELP.mapping);
  const command = (usage: string, about: string, help: string): Command =>
    mapping
      .command(usage)
      .description(about)
      .option('--mappings <folder>', 'the folder of the mappings (default: FACET_MAPPINGS, else the project’s own)')
      .option('--profiles <folder>', 'the folder of the FHIR definitions that they use')
      .addHelpText('after', help);
  command('new <name> [file]', 'create a mapping from a sample of its JSON, from a file or standard input', HELP.new)
    .option('--resource <type>', 'the FHIR type, when it cannot be guessed from the sample')
    .action(begin);
  command('check [names...]', 'report mistakes in mappings, and what to write instead', HELP.check)
    .option('--quick', 'without the examples and laws')
    .action(check);
  command('explain <name>', 'show the FHIR path of each field, the searches that find it, and what is lost', HELP.explain).action(explain);
  command('try <name> [file]', 'convert a body into a resource, and back', HELP.try).action(tryOne);
  command('types [names...]', 'print TypeScript types', HELP.types).action(types);
}

const print = (lines: string[]): void => console.log(lines.join('\n'));

/** Reads a file, or standard input when none is named; at a terminal, prints that it is waiting. */
async function readInput(file: string | undefined): Promise<string> {
  if (file !== undefined && file !== '-') {
    if (!existsSync(file)) throw new Error(`there is no file ${file}`);
    return readFileSync(file, 'utf8');
  }
  if (process.stdin.isTTY) console.error('reading JSON from the terminal: paste it, then press Ctrl-D');
  return readAll(process.stdin);
}

/** The JSON in a file or on standard input; throws with the source when it is not JSON. */
async function givenJson(file: string | undefined): Promise<string> {
  const text = await readInput(file);
  try {
    JSON.parse(text);
  } catch (error) {
    throw new Error(
      `${file === undefined || file === '-' ? 'standard input' : file} holds no JSON: ${toMessage(error).replace(/\s+/g, ' ')}`,
    );
  }
  return text;
}

async function world(options: Options): Promise<MappingFiles> {
  return (await import('./mapping-files.ts')).readMappingFiles(options);
}

async function resource(name: string, options: Options): Promise<{ loaded: LoadedShape; all: MappingFiles }> {
  const all = await world(options);
  const { pickShapes } = await import('./mapping-files.ts');
  const [loaded] = name.includes('/') ? pickShapes(all, [name]) : [];
  if (!loaded)
    throw new Error(
      `name one mapping: ${pickShapes(all, [name])
        .map(({ shape }) => `${name}/${shape.name}`)
        .join(', ')}`,
    );
  return { loaded, all };
}

async function begin(name: string, file: string | undefined, options: Options): Promise<void> {
  const { newMapping } = await import('./mapping-new.ts');
  print(await newMapping(name, () => givenJson(file), options));
}

async function check(names: string[], options: Options): Promise<void> {
  const { checkMappings } = await import('./mapping-check.ts');
  const { lines, mistakes } = checkMappings(await world(options), names, options);
  print(lines);
  if (mistakes) process.exitCode = 1;
}

async function explain(name: string, options: Options): Promise<void> {
  const { explainMapping } = await import('./mapping-explain.ts');
  const { loaded, all } = await resource(name, options);
  print(explainMapping(loaded, all));
}

async function tryOne(name: string, file: string | undefined, options: Options): Promise<void> {
  const { tryBody } = await import('./mapping-try.ts');
  const { loaded } = await resource(name, options);
  const { lines, taken } = tryBody(loaded, await givenJson(file), new Date());
  print(lines);
  if (!taken) process.exitCode = 1;
}

async function types(names: string[], options: Options): Promise<void> {
  const { buildTypes } = await import('../mapping-tools/typescript.ts');
  const { pickShapes } = await import('./mapping-files.ts');
  const all = await world(options);
  const shapes = pickShapes(all, names);
  const texts = all.surfaces.map((surface) => ({ surface, own: shapes.filter(({ shape }) => shape.surface === surface.surface) }));
  print(texts.filter(({ own }) => own.length).map(({ surface, own }) => buildTypes(surface, own).trimEnd()));
}
