// Fields over several elements: a list of texts, one text made of paragraphs, and several values combined into one.

import { toList, toText } from '../../fhir/json-values.ts';
import type { Env } from '../shape.ts';
import type { FieldSpec } from '../spec.ts';
import { buildCodec, IDENTITY_CODEC } from './codecs.ts';
import { buildPool } from './element-pool.ts';
import { buildElementReader, compilePaths, compileRequiredPaths, type ElementReader, type FieldBuilder } from './field.ts';

/** How several values become one. */
const COMBINATIONS: Record<string, (values: unknown[]) => unknown> = {
  joined: (values) => values.join(', '),
  latest: (values) => values.reduce((a, b) => (Date.parse(toText(b)) > Date.parse(toText(a)) ? b : a)),
};

/** Whether a field combines several values. */
export const isCombined = ({ as = '' }: FieldSpec): boolean => /^(?:joined|latest(?:\(.*\))?)$/.test(as);

/** All values of all paths, combined; read only. `latest(pattern)` ignores values that are not instants. */
export const buildCombinedField: FieldBuilder = (name, spec, context) => {
  if (!spec.readOnly) throw new Error(`${spec.as} combines several values and cannot split them when a client writes: set readOnly`);
  const [, word, pattern] = /^(\w+)(.*)$/.exec(spec.as!)!;
  const combine = COMBINATIONS[word!]!;
  const codec = pattern ? buildCodec({ ...spec, as: `instant${pattern}` }, context) : IDENTITY_CODEC;
  const parts = compilePaths(spec, context).map((path) => ({
    path,
    slot: context.slot(path),
    ...buildElementReader(spec, path.type, context.names),
  }));
  return {
    name,
    spec,
    keyPath: [...context.keyPath, name],
    codec,
    paths: parts.map(({ path }) => path),
    writtenPaths: [],
    toStored: () => [],
    read({ slots, env }) {
      const values: unknown[] = [];
      for (const { slot, read } of parts) collectValues(slots[slot]!, read, { env, values });
      const readable = values.filter((value) => codec.read(value, env) !== undefined);
      return readable.length ? codec.read(combine(readable), env) : undefined;
    },
    assign: () => {},
  };
};

/** Adds the value of each element that has one. */
function collectValues(elements: unknown[], readElement: ElementReader['read'], { env, values }: { env: Env; values: unknown[] }): void {
  for (const element of elements) {
    const value = readElement(element, env);
    if (value !== undefined) values.push(value);
  }
}

/** One text for each element. An element whose text stays keeps its other content; elements without a text are left alone. */
export const buildListField: FieldBuilder = (name, spec, context) => {
  const paths = compileRequiredPaths(spec, context);
  const [path] = paths;
  const codec = buildCodec(spec, context);
  const { read: found, paths: innerPaths } = buildElementReader(spec, path.type, context.names);
  /** The value that the codec can show; other elements do not belong to the list. */
  const readElement = (element: unknown, env: Env): unknown => {
    const value = found(element, env);
    return value === undefined || codec.read(value, env) === undefined ? undefined : value;
  };
  const slot = context.listSlot(path, (element, env) => readElement(element, env) !== undefined);
  const wrap = (text: unknown): unknown => (innerPaths[0] ? innerPaths[0].put({}, [text]) : text);
  return {
    name,
    spec,
    keyPath: [...context.keyPath, name],
    codec,
    paths,
    writtenPaths: [path],
    toStored: (value, env) => toList(value).map((item) => ({ type: (innerPaths[0] ?? path).type, value: codec.write(item, env) })),
    read({ slots, env }) {
      const values: unknown[] = [];
      collectValues(slots[slot]!, readElement, { env, values });
      return values.length ? values.map((value) => codec.read(value, env)) : undefined;
    },
    assign(value, { slots, env }, changes) {
      const texts = toList(value).map((item) => codec.write(item, env));
      const pool = buildPool(slots[slot]!, (element) => readElement(element, env));
      changes[slot] = texts.map((text) => pool.take(text) ?? wrap(text));
    },
  };
};

/** Separates the paragraphs of a text that several elements hold. An element whose text stays keeps its other content (author, time). */
const SEPARATOR = '\n\n';

export const buildParagraphsField: FieldBuilder = (name, { as: _, ...spec }, context) => {
  if (spec.each === undefined) throw new Error('as: paragraphs needs the path of the text in each element, as in each: text');
  const list = buildListField(name, { ...spec, type: 'string[]' }, context);
  return {
    ...list,
    spec: { ...spec, as: 'paragraphs' },
    toStored: (value, env) => list.toStored(splitParagraphs(toText(value), []), env),
    read(now) {
      const texts = list.read(now);
      return texts === undefined ? undefined : toList(texts).join(SEPARATOR);
    },
    assign(value, now, changes) {
      const known = toList(list.read(now)).map(toText);
      list.assign(value === undefined ? [] : splitParagraphs(toText(value), known), now, changes);
    },
  };
};

/** Splits a text into stored texts where it contains them, else into paragraphs. A text with a blank paragraph is not split. */
function splitParagraphs(text: string, known: readonly string[]): string[] {
  const parts: string[] = [];
  for (let rest: string | undefined = text; rest !== undefined; ) {
    const next: string = known.find((prefix) => rest === prefix || rest!.startsWith(prefix + SEPARATOR)) ?? rest.split(SEPARATOR, 1)[0]!;
    parts.push(next);
    rest = rest.length > next.length ? rest.slice(next.length + SEPARATOR.length) : undefined;
  }
  return parts.some((part) => part.trim() === '') ? [text] : parts;
}
