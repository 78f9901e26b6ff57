// Reads one mapping file or surface file: YAML, what it takes over from another shape (`like:`), and the check of its grammar.

import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { formatSuggestion } from '../../fhir/closest-name.ts';
import { compileOrReport, type Diagnostic, toMessage } from '../diagnostics.ts';
import { describeGrammarErrors } from './grammar-errors.ts';
import { readYaml, type SourceFile } from './yaml-file.ts';

/** Compiles each grammar once. `renamed` says of words what became of them: it is for the texts (grammar-fault.ts), and checks nothing. */
const GRAMMAR_COMPILER = new Ajv2020({
  keywords: ['renamed'],
  validateSchema: false,
  allErrors: true,
  verbose: true,
  strictRequired: false,
  allowUnionTypes: true,
  formats: {
    regex: (text: string) =>
      compileOrReport(
        () => new RegExp(text, 'u'),
        () => {},
      ) !== undefined,
  },
});

/** Reads a file and checks its grammar; undefined when something is wrong with it. */
export function readChecked<T>(file: string, grammar: object, faults: Diagnostic[]): SourceFile<T> | undefined {
  const source = compileOrReport(
    () => applyExtends(readYaml<T>(file)),
    (error) => faults.push({ place: toMessage(error).split(' ')[0]!, text: toMessage(error).replace(/^\S+ /, '') }),
  );
  if (!source) return undefined;
  const accepts = GRAMMAR_COMPILER.compile(grammar);
  if (accepts(source.content)) return source;
  faults.push(...describeGrammarErrors(accepts.errors ?? []).map(({ keys, text }) => ({ place: source.locate(keys), text })));
  return undefined;
}

type Keywords = Record<string, unknown>;

/** The file with what it takes over; a word keeps the place where it is written. A shape that is not there, or is like another itself, is an Error. */
function applyExtends<T>(own: SourceFile<T>): SourceFile<T> {
  const { like, ...words } = Object(own.content) as Keywords;
  if (typeof like !== 'string') return own;
  const file = join(dirname(own.file), `${like}.yaml`);
  const wrong = (text: string): Error => new Error(`${own.locateLine(['like'])} like: ${text}`);
  if (!existsSync(file)) throw wrong(`there is no shape ${like} beside it${formatSuggestion(like, listShapeNames(own.file))}`);
  const other = readYaml<Keywords>(file);
  if ('like' in other.content) throw wrong(`${like} is like ${String(other.content.like)}: write that here`);
  const placed = (keys: string[]): SourceFile<unknown> =>
    keys[0] === undefined || keys[0] in words || !(keys[0] in other.content) ? own : other;
  return {
    file: own.file,
    content: { ...other.content, ...words } as T,
    locateLine: (keys) => placed(keys).locateLine(keys),
    locate: (keys) => placed(keys).locate(keys),
  };
}

const listShapeNames = (file: string): string[] =>
  readdirSync(dirname(file)).flatMap((name) => (/^(?!surface\.)[^.]+\.yaml$/.test(name) ? [name.replace('.yaml', '')] : []));
