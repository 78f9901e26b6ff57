// A field that is a map from texts to texts, kept as one element per entry: those whose key begins with a prefix. Others are not its own, and stay.
import { compilePaths, type FieldBuilder } from './field.ts';

interface MapEntry {
  key: string;
  value: string;
}

const NONE = { read: () => undefined, write: () => undefined };

/** `as: keyed(system, value, %prefix)`: an element's key stands in `system` after the prefix, its value in `value`. */
export const buildMapField: FieldBuilder = (name, spec, context) => {
  const [, keyName = '', valueName = '', alias = ''] = /^keyed\((\w+), *(\w+), *%(\w+)\)$/.exec(spec.as!) ?? [];
  const prefix = context.aliases[alias];
  if (prefix === undefined) throw new Error(`${spec.as}: write keyed(key element, value element, %alias)`);
  const paths = compilePaths(spec, context);
  const [path] = paths as [(typeof paths)[number]];
  const [, valueType] = [keyName, valueName].map((element) => context.names.compile(element, path.type).type) as [string, string];
  const entryOf = (element: unknown): MapEntry | undefined => {
    const { [keyName]: system, [valueName]: value } = element as Record<string, unknown>;
    const own = typeof system === 'string' && system.startsWith(prefix) && typeof value === 'string';
    return own ? { key: decodeKey(system.slice(prefix.length)), value } : undefined;
  };
  const slot = context.listSlot(path, (element) => entryOf(element) !== undefined);
  const elementOf = ({ key, value }: MapEntry): object => ({ [keyName]: prefix + encodeKey(key), [valueName]: value });

  return {
    name,
    spec,
    keyPath: [...context.keyPath, name],
    codec: {
      ...NONE,
      validate: (shown) =>
        Object.keys(shown as object).every((key) => key.isWellFormed()) ? undefined : 'must have keys of well-formed Unicode',
    },
    paths,
    writtenPaths: [path],
    entryFilter: { key: keyName, prefix },
    toStored: (value) => Object.values(value as Record<string, string>).map((text) => ({ type: valueType, value: text })),
    read({ slots }) {
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
export const encodeKey = (key: string): string => encodeURIComponent(key);

/** One that a FHIR client wrote may not be encoded. */
function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}
