// A field that is an object of its own: its fields live below one element. It is shown when one of them has a value.
import type { Field, FieldMaker } from './field.ts';
import { unsetOf } from './lens-read.ts';

const NONE = { read: () => undefined, write: () => undefined };

/** `fieldOf` makes the fields of the object. */
export const objectField =
  (fieldOf: FieldMaker): FieldMaker =>
  (name, spec, context) => {
    const below = context.below === undefined ? spec.at! : `${context.below}.${spec.at}`;
    const at = [...context.at, name];
    const fields = Object.entries(spec.fields!).map(([own, field]): Field => fieldOf(own, field, { ...context, below, at }));
    return {
      name,
      spec,
      at,
      fields,
      codec: NONE,
      paths: [],
      written: [],
      stores: () => [],
      show(now) {
        const shown = fields.map((field) => [field, field.show(now)] as const);
        if (shown.every(([, value]) => value === undefined)) return undefined;
        return Object.fromEntries(shown.map(([field, value]) => [field.name, value ?? unsetOf(field.spec)]));
      },
      assign() {
        throw new Error(`${name}: an object is written field by field`);
      },
    };
  };
