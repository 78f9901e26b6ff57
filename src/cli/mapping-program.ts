// `facet mapping …`: what an integration analyst does with mappings. Nothing here needs a database or a running server.

import { existsSync, readFileSync } from 'node:fs';
import { text as readAll } from 'node:stream/consumers';
import type { Command } from 'commander';
import { toMessage } from '../mapping/diagnostics.ts';
import type { LoadedShape } from '../mapping/load/loaded.ts';
import type { MappingFiles, MappingFolders } from './mapping-files.ts';

const HELP = {
  mapping: `
A mapping is a file that says which field of a vendor's JSON is which place in a FHIR resource: mappings/<vendor>/<shape>.yaml, with its
examples beside it. docs/a-shape-in-ten-minutes.md teaches the language.

Usual order:
  facet mapping new acme/customer sample.json      begin one from a sample of the vendor's JSON
  facet mapping check acme/customer                what is wrong, where, and what to write instead
  facet mapping explain acme/customer              where each field stands, what finds it, what is lost
  facet mapping try acme/customer body.json        a body, the resource it becomes, and back
  facet start --watch-mappings                     serve it, and read it again whenever a file changes`,
  check: `
Without names all mappings are checked. The exit code is 1 when something is wrong.

Examples:
  facet mapping check
  facet mapping check acme                         all shapes of a vendor
  facet mapping check acme/customer --quick        without its examples`,
  explain: `
Per field: where it stands in FHIR, the search parameters that find it there, and the index that serves them. Then what each filter asks for,
what of a resource is not shown, and what FHIR does not hold as it is sent.

Example:
  facet mapping explain acme/customer`,
  try: `
A body with a resourceType is taken for a FHIR resource: what is shown of it is printed. Nothing is stored.

Examples:
  facet mapping try acme/customer body.json
  echo '{"first_name":"Ada"}' | facet mapping try acme/customer`,
  new: `
Writes mappings/<vendor>/<shape>.yaml and its examples, and surface.yaml for a vendor that is new. Each property of the sample gets a place
in FHIR where its name suggests one; the others stand as comments. Nothing that is there is written over.

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
  mapping.description('the vendors’ shapes: begin, check, explain and try them').addHelpText('after', HELP.mapping);
  const command = (usage: string, about: string, help: string): Command =>
    mapping
      .command(usage)
      .description(about)
      .option('--mappings <folder>', 'where the mappings stand (default: FACET_MAPPINGS, else the project’s own)')
      .option('--profiles <folder>', 'where the definitions stand that they point at')
      .addHelpText('after', help);
  command('new <name> [file]', 'begin a shape from a sample of its JSON, from a file or standard input', HELP.new)
    .option('--resource <type>', 'the FHIR type, where the sample does not tell')
    .action(begin);
  command('check [names...]', 'say what is wrong with mappings, and what to write instead', HELP.check)
    .option('--quick', 'without the examples and laws')
    .action(check);
  command('explain <name>', 'say where each field stands, what finds it, and what is lost', HELP.explain).action(explain);
  command('try <name> [file]', 'show the resource that a body becomes, and back', HELP.try).action(tryOne);
  command('types [names...]', 'print TypeScript types', HELP.types).action(types);
}

const print = (lines: string[]): void => console.log(lines.join('\n'));

/** A file, or standard input when none is named; a person at a terminal is told that it is awaited. */
async function given(file: string | undefined): Promise<string> {
  if (file !== undefined && file !== '-') {
    if (!existsSync(file)) throw new Error(`there is no file ${file}`);
    return readFileSync(file, 'utf8');
  }
  if (process.stdin.isTTY) console.error('reading JSON from the terminal: paste it, then press Ctrl-D');
  return readAll(process.stdin);
}

/** The JSON in a file or on standard input; what is none is an Error that names where it came from. */
async function givenJson(file: string | undefined): Promise<string> {
  const text = await given(file);
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

async function one(name: string, options: Options): Promise<{ loaded: LoadedShape; all: MappingFiles }> {
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
  const { loaded, all } = await one(name, options);
  print(explainMapping(loaded, all));
}

async function tryOne(name: string, file: string | undefined, options: Options): Promise<void> {
  const { tryBody } = await import('./mapping-try.ts');
  const { loaded } = await one(name, options);
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
