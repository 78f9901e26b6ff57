// One request that creates many items (`many:`): each member of a list in the body, together with the other fields of the body, is an item.

import { v5 } from 'uuid';
import { formatDecimal, parseDecimal } from '../../fhir/decimal.ts';
import { toRecords } from '../../fhir/json-values.ts';
import { IDENTITY_CODEC } from '../lens/codecs.ts';
import type { Field } from '../lens/field.ts';
import { isUnset } from '../lens/lens-read.ts';
import type { Env, Shape } from '../shape.ts';
import type { ManySpec, MappingSpec } from '../spec.ts';
import { isWritableIn } from './json-schema.ts';

/** The UUID namespace of ids that are derived from identity fields. */
const BATCH_ID_NAMESPACE = '2d9c4b56-8f1e-4a8c-9c1b-6a7d0b1e5f43';

/** The fields of a create request; with `many:`, the fields of each item are in the members of a list. */
export function buildRequestFields(fields: Field[], many: ManySpec | undefined): Field[] {
  const writable = fields.filter(isWritableIn('create'));
  if (!many) return writable;
  const { list, fields: own, most, least = 1 } = many;
  const members = writable.filter(({ name }) => own.includes(name));
  const spec = { list: '', required: true, minItems: least, maxItems: most };
  const listed: Field = {
    name: list,
    keyPath: [list],
    spec,
    members,
    codec: IDENTITY_CODEC,
    paths: [],
    writtenPaths: [],
    toStored: () => [],
    read: () => undefined,
    assign: () => {},
  };
  return [...writable.filter(({ name }) => !own.includes(name)), listed];
}

/** The batch create of a shape. */
export function buildBatchCreate({ resource, path, many }: MappingSpec, fields: Field[]): Pick<Shape, 'batch'> {
  if (!many) return {};
  const { list, fields: own, identity } = many;
  const identityFields = (identity ?? []).map((name) => fields.find((field) => field.name === name)).filter((field) => field !== undefined);
  return {
    batch: {
      listField: list,
      splitRequest({ [list]: members, ...shared }) {
        return toRecords(members).map((member) => ({ ...shared, ...member }));
      },
      toRequestField: (field, index) => (own.includes(field.replace(/[.[].*$/, '')) ? `${list}[${index}].${field}` : field),
      buildId(item, env) {
        if (!identity) return undefined;
        return v5(
          JSON.stringify([resource, path, ...identityFields.map((field) => normalizeIdentity(field, item[field.name], env))]),
          BATCH_ID_NAMESPACE,
        );
      },
    },
  };
}

/** An identity value in normal form: numbers without trailing zeros, instants in UTC, other values as stored. */
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

/** A day without a time stays. */
const toUtcTime = (text: string): string => (text.includes('T') ? new Date(text).toISOString() : text);
