// A field that is a map from texts to texts, kept as one element per entry: those whose key begins with a prefix. Others are not its own, and stay.
import { type FieldMaker, pathsOf } from './field.ts';

interface Entry {
  key: string;
  value: string;
}

const NONE = { read: () => undefined, write: () => undefined };

/** `as: keyed(system, value, %prefix)`: an element's key stands in `system` after the prefix, its value in `value`. */
export const mapField: FieldMaker = (name, spec, context) => {
  const [, keyName = '', valueName = '', alias = ''] = /^keyed\((\w+), *(\w+), *%(\w+)\)$/.exec(spec.as!) ?? [];
  const prefix = context.aliases[alias];
  if (prefix === undefined) throw new Error(`${spec.as}: write keyed(key element, value element, %alias)`);
  const paths = pathsOf(spec, context);
  const [path] = paths as [(typeof paths)[number]];
  const [, valueType] = [keyName, valueName].map((element) => context.names.path(element, path.type).type) as [string, string];
  const entryOf = (element: unknown): Entry | undefined => {
    const { [keyName]: system, [valueName]: value } = element as Record<string, unknown>;
    const own = typeof system === 'string' && system.startsWith(prefix) && typeof value === 'string';
    return own ? { key: decoded(system.slice(prefix.length)), value } : undefined;
  };
  const slot = context.list(path, (element) => entryOf(element) !== undefined);
  const elementOf = ({ key, value }: Entry): object => ({ [keyName]: prefix + keyText(key), [valueName]: value });

  return {
    name,
    spec,
    at: [...context.at, name],
    codec: {
      ...NONE,
      fault: (shown) =>
        Object.keys(shown as object).every((key) => key.isWellFormed()) ? undefined : 'must have keys of well-formed Unicode',
    },
    paths,
    written: [path],
    owns: { key: keyName, prefix },
    stores: (value) => Object.values(value as Record<string, string>).map((text) => ({ type: valueType, value: text })),
    show({ slots }) {
      const entries = slots[slot]!.flatMap((element) => entryOf(element) ?? []);
      return entries.length ? Object.fromEntries(entries.map(({ key, value }) => [key, value])) : undefined;
    },
    assign(value, { slots }, changes) {
      const wanted = new Map(Object.entries((value ?? {}) as Record<string, string>));
      const kept = slots[slot]!.filter((element) => {
        const entry = entryOf(element);
        return entry && wanted.get(entry.key) === entry.value && wanted.delete(entry.key);
      });
      changes[slot] = [...kept, ...[...wanted].map(([key, text]) => elementOf({ key, value: text }))];
    },
  };
};

/** A key as it stands in a URI: percent-encoded. */
export const keyText = (key: string): string => encodeURIComponent(key);

/** One that a FHIR client wrote may not be encoded. */
function decoded(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}
