// The coded values of an element, by its type, for token parameters. https://hl7.org/fhir/R4/search.html#token
import type { CodeableConcept, Coding, ContactPoint, Identifier } from '@medplum/fhirtypes';
import type { Token } from './token.ts';

const toPlainToken = (value: unknown): Token[] => [{ code: String(value) }];
const toCodingToken = ({ system, code }: Coding): Token[] => [{ system: system ?? null, code }];
const toIdentifierToken = ({ system, value }: Identifier): Token[] => [{ system: system ?? null, code: value }];

/** Types whose JSON has no system. */
const TYPES_WITHOUT_SYSTEM = [
  'code',
  'boolean',
  'string',
  'id',
  'uri',
  'url',
  'canonical',
  'oid',
  'uuid',
  'integer',
  'positiveInt',
  'unsignedInt',
];

/** Element type → the tokens of a value. */
export const TOKEN_VALUES: Record<string, (value: never) => Token[]> = {
  ...Object.fromEntries(TYPES_WITHOUT_SYSTEM.map((type) => [type, toPlainToken])),
  ContactPoint: ({ value }: ContactPoint) => (value === undefined ? [] : [{ code: value }]),
  Coding: toCodingToken,
  CodeableConcept: ({ coding = [] }: CodeableConcept) => coding.flatMap(toCodingToken),
  Identifier: toIdentifierToken,
};

/** Element type → the displayed texts of a value, for `:text`. */
export const TOKEN_TEXTS: Record<string, (value: never) => (string | undefined)[]> = {
  Coding: ({ display }: Coding) => [display],
  CodeableConcept: ({ text, coding = [] }: CodeableConcept) => [text, ...coding.map(({ display }) => display)],
  Identifier: ({ type }: Identifier) => [type?.text],
};

/** Types that are compared without case, because people type them. Codes and identifiers are case-sensitive. */
export const CASE_INSENSITIVE_TYPES: ReadonlySet<string> = new Set(['ContactPoint', 'string']);

export const canHaveSystem = (type: string): boolean => !TYPES_WITHOUT_SYSTEM.includes(type) && type !== 'ContactPoint';

/** The value of an identifier with each coding of its type, for `:of-type`. Incomplete codings are left out. */
function listTypedIdentifiers({ type, value }: Identifier): { system: string; code: string; value: string }[] {
  return (type?.coding ?? []).flatMap(({ system, code }) => (system && code && value ? [{ system, code, value }] : []));
}

/** Element type → its identifiers with the codings of their type. */
export const TYPED_IDENTIFIERS: Record<string, (value: never) => ReturnType<typeof listTypedIdentifiers>> = {
  Identifier: listTypedIdentifiers,
};
