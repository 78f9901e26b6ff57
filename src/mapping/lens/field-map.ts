// A field that is a map from texts to texts, stored as one element for each entry. It owns the elements whose key has its prefix; others stay.

import { toRecord, toText } from '../../fhir/json-values.ts';
import { NO_CODEC } from './codecs.ts';
import { compileRequiredPaths, type FieldBuilder } from './field.ts';

interface MapEntry {
  key: string;
  value: string;
}

/** `as: keyed(system, value, %prefix)`: element `system` holds prefix and key, element `value` the value. */
export const buildMapField: FieldBuilder = (name, spec, context) => {
  const [, keyName = '', valueName = '', alias = ''] = /^keyed\((\w+), *(\w+), *%(\w+)\)$/.exec(spec.as!) ?? [];
  const prefix = context.aliases[alias];
  if (prefix === undefined) throw new Error(`${spec.as}: write keyed(key element, value element, %alias)`);
  const paths = compileRequiredPaths(spec, context);
  const [path] = paths;
  const typeOf = (element: string): string => context.names.compile(element, path.type).type;
  typeOf(keyName);
  const valueType = typeOf(valueName);
  const entryOf = (element: unknown): MapEntry | undefined => {
    const { [keyName]: system } = toRecord(element);
    if (typeof system !== 'string' || !system.startsWith(prefix)) return undefined;
    const { [valueName]: value } = toRecord(element);
    return typeof value === 'string' ? { key: decodeKey(system.slice(prefix.length)), value } : undefined;
  };
  const slot = context.listSlot(path, (element) => entryOf(element) !== undefined);
  const elementOf = ({ key, value }: MapEntry): object => ({ [keyName]: prefix + encodeKey(key), [valueName]: value });

  return {
    name,
    spec,
    keyPath: [...context.keyPath, name],
    codec: {
      ...NO_CODEC,
      validate: (value) =>
        Object.keys(toRecord(value)).every((key) => key.isWellFormed()) ? undefined : 'must have keys of well-formed Unicode',
    },
    paths,
    writtenPaths: [path],
    entryFilter: { key: keyName, prefix },
    toStored: (value) => Object.values(toRecord(value)).map((text) => ({ type: valueType, value: text })),
    read({ slots }) {
      const entries = slots[slot]!.flatMap((element) => entryOf(element) ?? []);
      return entries.length ? Object.fromEntries(entries.map(({ key, value }) => [key, value])) : undefined;
    },
    assign(value, { slots }, changes) {
      const entries = new Map(Object.entries(toRecord(value)).map(([key, text]) => [key, toText(text)]));
      const preserved = slots[slot]!.filter((element) => {
        const entry = entryOf(element);
        return entry && entries.get(entry.key) === entry.value && entries.delete(entry.key);
      });
      changes[slot] = [...preserved, ...[...entries].map(([key, text]) => elementOf({ key, value: text }))];
    },
  };
};

/** A key, percent-encoded for a URI. */
export const encodeKey = (key: string): string => encodeURIComponent(key);

/** Keys written by FHIR clients may not be encoded. */
function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}
