// One request that makes many items (`many:`): each member of a list in its body, together with the other fields of the body, is one.
import { v5 } from 'uuid';
import { decimal, decimalText } from '../fhir/decimal.ts';
import type { Field } from './lens/field.ts';
import { isUnset } from './lens/lens-read.ts';
import { asksIn } from './schema.ts';
import type { Env, Many, View } from './shape.ts';
import type { ManySpec, MappingSpec } from './spec.ts';

/** The namespace of the ids that follow from what an item says, minted once for this project. */
const SAME = '2d9c4b56-8f1e-4a8c-9c1b-6a7d0b1e5f43';

const AS_IT_IS = { read: (value: unknown) => value, write: (value: unknown) => value };

/** The fields of a request: those of the mapping, but for the fields of each item, which are those of the members of a list. */
export function requestFields(fields: Field[], many: ManySpec | undefined): Field[] {
  const asked = fields.filter(asksIn('create'));
  if (!many) return asked;
  const { list, fields: own, most, least = 1 } = many;
  const members = asked.filter(({ name }) => own.includes(name));
  const spec = { list: '', required: true, minItems: least, maxItems: most };
  const listed = { name: list, at: [list], spec, codec: AS_IT_IS, paths: [], written: [], members } as Partial<Field> as Field;
  return [...asked.filter(({ name }) => !own.includes(name)), listed];
}

/** `many` of a shape. */
export function manyOf({ resource, path, many }: MappingSpec, fields: Field[]): { many?: Many } {
  if (!many) return {};
  const { list, fields: own, identity } = many;
  const alike = (identity ?? []).map((name) => fields.find((field) => field.name === name)).filter((field) => field !== undefined);
  return {
    many: {
      list,
      items({ [list]: members, ...shared }) {
        return ((members ?? []) as View[]).map((member) => ({ ...shared, ...member }));
      },
      place: (field, nth) => (own.includes(field.replace(/[.[].*$/, '')) ? `${list}[${nth}].${field}` : field),
      idOf(item, env) {
        if (!identity) return undefined;
        return v5(JSON.stringify([resource, path, ...alike.map((field) => spelled(field, item[field.name], env))]), SAME);
      },
    },
  };
}

/** A value as it is compared: numbers without the digits that add nothing, times of the world in UTC, all else as it is stored. */
function spelled({ codec, paths: [main] }: Field, value: unknown, env: Env): unknown {
  if (isUnset(value)) return null;
  const stored = codec.write(value, env);
  if (main!.type === 'decimal') return shortest(JSON.stringify(stored));
  if (main!.type === 'dateTime' || main!.type === 'instant') return inUtc(String(stored));
  return stored;
}

function shortest(text: string): string {
  const number = decimal(text);
  if (!number) return text;
  const written = decimalText(number);
  return written.includes('.') ? written.replace(/\.?0+$/, '') : written;
}

/** A day without a time is no time of the world. */
const inUtc = (text: string): string => (text.includes('T') ? new Date(text).toISOString() : text);
