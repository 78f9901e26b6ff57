// A field that is an object of its own: its fields live below one element, or with `at: $this` where it stands itself, for an object that is only the vendor's.
// It is shown when one of them has a value. What is in an object that is only shown is only shown.
import type { Field, FieldMaker } from './field.ts';
import { unsetOf } from './lens-read.ts';

const NONE = { read: () => undefined, write: () => undefined };

/** `fieldOf` makes the fields of the object. */
export const objectField =
  (fieldOf: FieldMaker): FieldMaker =>
  (name, spec, context) => {
    const { below: above, ...rest } = context;
    const below = [above ?? [], spec.at === '$this' ? [] : spec.at!].flat().join('.');
    const inner = { ...rest, at: [...context.at, name], ...(below !== '' && { below }) };
    const shownOnly = spec.readOnly ? { readOnly: true } : {};
    const fields = Object.entries(spec.fields!).flatMap(([own, field]): Field[] =>
      context.attempt([...inner.at, own], () => fieldOf(own, { ...field, ...shownOnly }, inner)),
    );
    return {
      name,
      spec,
      at: inner.at,
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
