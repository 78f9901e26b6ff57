// Picks a value that differs from the one a field shows, so that writing it must change the resource.

import { toRecord } from '../../fhir/json-values.ts';
import type { Field } from '../lens/field.ts';
import { toUnsetValue } from '../lens/lens-read.ts';
import { EMPTY_ENV, type View } from '../shape.ts';
import type { FieldSpec } from '../spec.ts';
import type { FieldSamples } from './samples.ts';

/** A valid value that the field does not show now; undefined: none is known. */
export function pickDifferentValue(field: Field, now: unknown, samples: FieldSamples): unknown {
  const { fields, members, keyPath } = field;
  if (members) return pickDifferentMember(members, samples);
  if (!fields) return pickDifferentScalar(field, now) ?? samples(keyPath).find((value) => value !== now);
  if (now === null) return undefined;
  const own = toRecord(now);
  return Object.fromEntries(fields.map((inner) => [inner.name, pickDifferentValue(inner, own[inner.name], samples) ?? own[inner.name]]));
}

/** A list of one member with a value in each field. */
const pickDifferentMember = (members: Field[], samples: FieldSamples): View[] => [
  Object.fromEntries(
    members.map((member) => [
      member.name,
      pickDifferentValue(member, member.fields ? {} : undefined, samples) ?? toUnsetValue(member.spec),
    ]),
  ),
];

function pickDifferentScalar(field: Field, now: unknown): unknown {
  const { spec, codec } = field;
  const words = spec.enum ?? codec.words ?? (spec.codes && Object.keys(spec.codes));
  if (codec.targets) return wrapInList(spec, codec.read(`${codec.targets[0]}/0190b3c2-0000-7000-8000-0000000000ff`, EMPTY_ENV));
  if (spec.type === 'string[]') return words ? [words.at(-1)] : ['Other', 'Another'];
  if (spec.type === 'object') return { other: '2' };
  if (words) return words.find((word) => word !== now);
  if (spec.type === 'boolean') return now !== true;
  if (codec.format !== undefined) return codec.read(/^date\b/.test(spec.as!) ? '1970-01-02' : '1970-01-02T03:04:05.000Z', EMPTY_ENV);
  if (spec.pattern !== undefined) return undefined;
  return VALUES.find(({ of }) => of(spec))?.value ?? BY_TYPE[readFhirType(field)] ?? (isShort(spec) ? undefined : 'Dr Other Word');
}

const wrapInList = ({ type }: FieldSpec, value: unknown): unknown => (type === 'string[]' ? [value] : value);

const readFhirType = ({ paths }: Field): string => paths[0]?.type ?? '';

/** Whether the sample text would be too long. */
const isShort = ({ maxLength = 99 }: FieldSpec): boolean => maxLength < 13;

/** Values for FHIR types that do not accept any text. */
const BY_TYPE: Record<string, string> = {
  date: '1970-01-02',
  dateTime: '1970-01-02',
  instant: '1970-01-02T03:04:05.000Z',
  time: '01:30:00',
  url: 'https://other.example',
  uri: 'https://other.example',
  code: 'other',
  base64Binary: 'AAAA',
};

const VALUES: { of(spec: FieldSpec): boolean | undefined; value: unknown }[] = [
  { of: ({ type }) => type === 'number' || type === 'integer', value: 7 },
  { of: ({ as }) => as === 'time', value: '01:30' },
  { of: ({ format }) => format === 'date', value: '1970-01-02' },
  { of: ({ format }) => format === 'date-time', value: '1970-01-02T03:04:05.000Z' },
  { of: ({ format }) => format === 'email', value: 'other@example.com' },
  { of: ({ format }) => format === 'uuid', value: '0190b3c2-0000-7000-8000-0000000000ee' },
];
