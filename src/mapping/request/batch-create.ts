// One request that makes many items (`many:`): each member of a list in its body, together with the other fields of the body, is one.
import { v5 } from 'uuid';
import { formatDecimal, parseDecimal } from '../../fhir/decimal.ts';
import type { Field } from '../lens/field.ts';
import { isUnset } from '../lens/lens-read.ts';
import type { Env, Shape, View } from '../shape.ts';
import type { ManySpec, MappingSpec } from '../spec.ts';
import { isWritableIn } from './json-schema.ts';

/** The namespace of the ids that follow from what an item says, minted once for this project. */
const BATCH_ID_NAMESPACE = '2d9c4b56-8f1e-4a8c-9c1b-6a7d0b1e5f43';

const AS_IT_IS = { read: (value: unknown) => value, write: (value: unknown) => value };

/** The fields of a request: those of the mapping, but for the fields of each item, which are those of the members of a list. */
export function buildRequestFields(fields: Field[], many: ManySpec | undefined): Field[] {
  const asked = fields.filter(isWritableIn('create'));
  if (!many) return asked;
  const { list, fields: own, most, least = 1 } = many;
  const members = asked.filter(({ name }) => own.includes(name));
  const spec = { list: '', required: true, minItems: least, maxItems: most };
  const listed = { name: list, keyPath: [list], spec, codec: AS_IT_IS, paths: [], writtenPaths: [], members } as Partial<Field> as Field;
  return [...asked.filter(({ name }) => !own.includes(name)), listed];
}

/** `many` of a shape. */
export function buildBatchCreate({ resource, path, many }: MappingSpec, fields: Field[]): Pick<Shape, 'batch'> {
  if (!many) return {};
  const { list, fields: own, identity } = many;
  const alike = (identity ?? []).map((name) => fields.find((field) => field.name === name)).filter((field) => field !== undefined);
  return {
    batch: {
      listField: list,
      splitRequest({ [list]: members, ...shared }) {
        return ((members ?? []) as View[]).map((member) => ({ ...shared, ...member }));
      },
      toRequestField: (field, nth) => (own.includes(field.replace(/[.[].*$/, '')) ? `${list}[${nth}].${field}` : field),
      buildId(item, env) {
        if (!identity) return undefined;
        return v5(
          JSON.stringify([resource, path, ...alike.map((field) => normalizeIdentity(field, item[field.name], env))]),
          BATCH_ID_NAMESPACE,
        );
      },
    },
  };
}

/** A value as it is compared: numbers without the digits that add nothing, times of the world in UTC, all else as it is stored. */
function normalizeIdentity({ codec, paths: [main] }: Field, value: unknown, env: Env): unknown {
  if (isUnset(value)) return null;
  const stored = codec.write(value, env);
  if (main!.type === 'decimal') return trimZeros(JSON.stringify(stored));
  if (main!.type === 'dateTime' || main!.type === 'instant') return toUtcTime(String(stored));
  return stored;
}

function trimZeros(text: string): string {
  const number = parseDecimal(text);
  if (!number) return text;
  const written = formatDecimal(number);
  return written.includes('.') ? written.replace(/\.?0+$/, '') : written;
}

/** A day without a time is no time of the world. */
const toUtcTime = (text: string): string => (text.includes('T') ? new Date(text).toISOString() : text);
