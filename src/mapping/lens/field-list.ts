// Fields that look at several elements: a list of texts, and values combined into one.
import type { Env } from '../shape.ts';
import type { FieldSpec } from '../spec.ts';
import { type Codec, codecOf } from './codecs.ts';
import { type FieldMaker, type Look, lookInto, pathsOf } from './field.ts';
import { poolOf } from './known-again.ts';

const SAME: Codec = { read: (value) => value, write: (value) => value };

/** Several values → the one that is shown. */
const COMBINATIONS: Record<string, (values: unknown[]) => unknown> = {
  joined: (values) => values.join(', '),
  latest: (values) => values.reduce((a, b) => (Date.parse(b as string) > Date.parse(a as string) ? b : a)),
};

/** Whether a field shows several values as one. */
export const isCombined = ({ as = '' }: FieldSpec): boolean => /^(?:joined|latest(?:\(.*\))?)$/.test(as);

/** All values of all its paths, as one. Read only. `latest(pattern)` is shown as an instant of that pattern is: what is no instant does not count. */
export const combinedField: FieldMaker = (name, spec, context) => {
  if (!spec.readOnly) throw new Error(`${spec.as} cannot be taken apart again: the field must be readOnly`);
  const [, word, pattern] = /^(\w+)(.*)$/.exec(spec.as!)!;
  const combine = COMBINATIONS[word!]!;
  const codec = pattern ? codecOf({ ...spec, as: `instant${pattern}` }, context) : SAME;
  const parts = pathsOf(spec, context).map((path) => ({ path, slot: context.slot(path), ...lookInto(spec, path.type, context.names) }));
  return {
    name,
    spec,
    at: [...context.at, name],
    codec,
    paths: parts.map(({ path }) => path),
    written: [],
    stores: () => [],
    show({ slots, env }) {
      const values: unknown[] = [];
      for (const { slot, look } of parts) collect(slots[slot]!, look, { env, values });
      const told = values.filter((value) => codec.read(value, env) !== undefined);
      return told.length ? codec.read(combine(told), env) : undefined;
    },
    assign: () => {},
  };
};

/** Adds what is found in each element, where there is something. */
function collect(elements: unknown[], look: Look['look'], { env, values }: { env: Env; values: unknown[] }): void {
  for (const element of elements) {
    const value = look(element, env);
    if (value !== undefined) values.push(value);
  }
}

/** One text per element. An element that keeps its text keeps all else; elements without a text are not its own, and stay. */
export const listField: FieldMaker = (name, spec, context) => {
  const paths = pathsOf(spec, context);
  const [path] = paths as [(typeof paths)[number]];
  const codec = codecOf(spec, context);
  const { look: found, ways } = lookInto(spec, path.type, context.names);
  /** What the codec can show; an element with anything else is not its own. */
  const look = (element: unknown, env: Env): unknown => {
    const value = found(element, env);
    return value === undefined || codec.read(value, env) === undefined ? undefined : value;
  };
  const slot = context.list(path, (element, env) => look(element, env) !== undefined);
  const made = (text: unknown): unknown => (ways[0] ? ways[0].put({}, [text]) : text);
  return {
    name,
    spec,
    at: [...context.at, name],
    codec,
    paths,
    written: [path],
    stores: (value, env) => (value as unknown[]).map((one) => ({ type: (ways[0] ?? path).type, value: codec.write(one, env) })),
    show({ slots, env }) {
      const values: unknown[] = [];
      collect(slots[slot]!, look, { env, values });
      return values.length ? values.map((value) => codec.read(value, env)) : undefined;
    },
    assign(value, { slots, env }, changes) {
      const texts = ((value ?? []) as unknown[]).map((one) => codec.write(one, env));
      const standing = poolOf(slots[slot]!, (element) => look(element, env));
      changes[slot] = texts.map((text) => standing.take(text) ?? made(text));
    },
  };
};
