// Reads a mapping file or surface file: parses YAML, expands `like:`, and checks the grammar.

import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { formatSuggestion } from '../../fhir/closest-name.ts';
import { toRecord } from '../../fhir/json-values.ts';
import { compileOrReport, type Diagnostic, toMessage } from '../diagnostics.ts';
import type { InboundFile, MappingFile, SurfaceSpec } from '../spec.ts';
import { INBOUND_MAPPING_SCHEMA, MAPPING_SCHEMA, SURFACE_SCHEMA } from './file-grammar.ts';
import { describeGrammarErrors } from './grammar-errors.ts';
import { readYaml, type SourceFile } from './yaml-file.ts';

/** Compiles each grammar once. `renamed` is only for the error texts of grammar-errors.ts. */
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

/** Reads a mapping file, checked by its grammar; undefined when something is wrong with it. */
export const readMappingFile = (file: string, faults: Diagnostic[]): SourceFile<MappingFile> | undefined =>
  readChecked<MappingFile>(file, MAPPING_SCHEMA, faults);

/** Reads a `surface.yaml` in the same way. */
export const readSurfaceFile = (file: string, faults: Diagnostic[]): SourceFile<SurfaceSpec> | undefined =>
  readChecked<SurfaceSpec>(file, SURFACE_SCHEMA, faults);

/** Reads a mapping without endpoints (inbound-mapping.ts) in the same way. */
export const readInboundFile = (file: string, faults: Diagnostic[]): SourceFile<InboundFile> | undefined =>
  readChecked<InboundFile>(file, INBOUND_MAPPING_SCHEMA, faults);

/** `T`: the type of a file that the grammar accepts. This is the only place that asserts it. */
function readChecked<T>(file: string, grammar: object, faults: Diagnostic[]): SourceFile<T> | undefined {
  const source = compileOrReport(
    () => applyExtends(readYaml(file)),
    (error) => faults.push({ place: toMessage(error).split(' ')[0]!, text: toMessage(error).replace(/^\S+ /, '') }),
  );
  if (!source) return undefined;
  const accepts = GRAMMAR_COMPILER.compile<T>(grammar);
  const { content } = source;
  if (accepts(content)) return { ...source, content };
  faults.push(...describeGrammarErrors(accepts.errors ?? []).map(({ keys, text }) => ({ place: source.locate(keys), text })));
  return undefined;
}

/** Adds the keywords of the shape in `like:`; each keeps its position in its own file. Throws when that shape is missing or has `like:` itself. */
function applyExtends(own: SourceFile<unknown>): SourceFile<unknown> {
  const { like, ...words } = toRecord(own.content);
  if (typeof like !== 'string') return own;
  const file = join(dirname(own.file), `${like}.yaml`);
  const buildError = (text: string): Error => new Error(`${own.locateLine(['like'])} like: ${text}`);
  if (!existsSync(file))
    throw buildError(`there is no shape ${like} in the same folder${formatSuggestion(like, listShapeNames(own.file))}`);
  const other = readYaml(file);
  const taken = toRecord(other.content);
  if ('like' in taken) throw buildError(`${like} is like ${String(taken.like)}: write that here`);
  const placed = (keys: string[]): SourceFile<unknown> => (keys[0] === undefined || keys[0] in words || !(keys[0] in taken) ? own : other);
  return {
    file: own.file,
    text: own.text,
    content: { ...taken, ...words },
    locateLine: (keys) => placed(keys).locateLine(keys),
    locate: (keys) => placed(keys).locate(keys),
  };
}

const listShapeNames = (file: string): string[] =>
  readdirSync(dirname(file)).flatMap((name) => (/^(?!surface\.)[^.]+\.yaml$/.test(name) ? [name.replace('.yaml', '')] : []));
