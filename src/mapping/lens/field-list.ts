// Fields that look at several elements: a list of texts, and values combined into one.
import type { Env } from '../shape.ts';
import type { FieldSpec } from '../spec.ts';
import { buildCodec, type Codec } from './codecs.ts';
import { buildPool } from './element-pool.ts';
import { buildElementReader, compilePaths, type ElementReader, type FieldBuilder } from './field.ts';

const SAME: Codec = { read: (value) => value, write: (value) => value };

/** Several values → the one that is shown. */
const COMBINATIONS: Record<string, (values: unknown[]) => unknown> = {
  joined: (values) => values.join(', '),
  latest: (values) => values.reduce((a, b) => (Date.parse(b as string) > Date.parse(a as string) ? b : a)),
};

/** Whether a field shows several values as one. */
export const isCombined = ({ as = '' }: FieldSpec): boolean => /^(?:joined|latest(?:\(.*\))?)$/.test(as);

/** All values of all its paths, as one. Read only. `latest(pattern)` is shown as an instant of that pattern is: what is no instant does not count. */
export const buildCombinedField: FieldBuilder = (name, spec, context) => {
  if (!spec.readOnly) throw new Error(`${spec.as} cannot be taken apart again: the field must be readOnly`);
  const [, word, pattern] = /^(\w+)(.*)$/.exec(spec.as!)!;
  const combine = COMBINATIONS[word!]!;
  const codec = pattern ? buildCodec({ ...spec, as: `instant${pattern}` }, context) : SAME;
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
      const told = values.filter((value) => codec.read(value, env) !== undefined);
      return told.length ? codec.read(combine(told), env) : undefined;
    },
    assign: () => {},
  };
};

/** Adds what is found in each element, where there is something. */
function collectValues(elements: unknown[], look: ElementReader['read'], { env, values }: { env: Env; values: unknown[] }): void {
  for (const element of elements) {
    const value = look(element, env);
    if (value !== undefined) values.push(value);
  }
}

/** One text per element. An element that keeps its text keeps all else; elements without a text are not its own, and stay. */
export const buildListField: FieldBuilder = (name, spec, context) => {
  const paths = compilePaths(spec, context);
  const [path] = paths as [(typeof paths)[number]];
  const codec = buildCodec(spec, context);
  const { read: found, paths: innerPaths } = buildElementReader(spec, path.type, context.names);
  /** What the codec can show; an element with anything else is not its own. */
  const look = (element: unknown, env: Env): unknown => {
    const value = found(element, env);
    return value === undefined || codec.read(value, env) === undefined ? undefined : value;
  };
  const slot = context.listSlot(path, (element, env) => look(element, env) !== undefined);
  const made = (text: unknown): unknown => (innerPaths[0] ? innerPaths[0].put({}, [text]) : text);
  return {
    name,
    spec,
    keyPath: [...context.keyPath, name],
    codec,
    paths,
    writtenPaths: [path],
    toStored: (value, env) => (value as unknown[]).map((one) => ({ type: (innerPaths[0] ?? path).type, value: codec.write(one, env) })),
    read({ slots, env }) {
      const values: unknown[] = [];
      collectValues(slots[slot]!, look, { env, values });
      return values.length ? values.map((value) => codec.read(value, env)) : undefined;
    },
    assign(value, { slots, env }, changes) {
      const texts = ((value ?? []) as unknown[]).map((one) => codec.write(one, env));
      const standing = buildPool(slots[slot]!, (element) => look(element, env));
      changes[slot] = texts.map((text) => standing.take(text) ?? made(text));
    },
  };
};

const SEPARATOR = '\n\n';

export const buildParagraphsField: FieldBuilder = (name, { as: _, ...spec }, context) => {
  if (spec.each === undefined) throw new Error('as: paragraphs shows a text of each element: say which, as in each: text');
  const list = buildListField(name, { ...spec, type: 'string[]' }, context);
  return {
    ...list,
    spec: { ...spec, as: 'paragraphs' },
    toStored: (value, env) => list.toStored(splitParagraphs(value as string, []), env),
    read: (now) => (list.read(now) as string[] | undefined)?.join(SEPARATOR),
    assign(value, now, changes) {
      const known = (list.read(now) ?? []) as string[];
      list.assign(value === undefined ? [] : splitParagraphs(value as string, known), now, changes);
    },
  };
};

/** The texts that make this one: those that stand already where it has them, else its paragraphs. A blank one is no text of its own. */
function splitParagraphs(text: string, known: readonly string[]): string[] {
  const parts: string[] = [];
  for (let rest: string | undefined = text; rest !== undefined; ) {
    const next: string = known.find((one) => rest === one || rest!.startsWith(one + SEPARATOR)) ?? rest.split(SEPARATOR, 1)[0]!;
    parts.push(next);
    rest = rest.length > next.length ? rest.slice(next.length + SEPARATOR.length) : undefined;
  }
  return parts.some((part) => part.trim() === '') ? [text] : parts;
}
