// Which coded values an element gives to a token parameter, by its type. https://hl7.org/fhir/R4/search.html#token
import type { CodeableConcept, Coding, ContactPoint, Identifier } from '@medplum/fhirtypes';
import type { Token } from './token.ts';

const toPlainToken = (value: unknown): Token[] => [{ code: String(value) }];
const toCodingToken = ({ system, code }: Coding): Token[] => [{ system: system ?? null, code }];
const toIdentifierToken = ({ system, value }: Identifier): Token[] => [{ system: system ?? null, code: value }];

/** Types whose JSON has no system of its own. */
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

/** Element type → the tokens in one value of it. */
export const TOKEN_VALUES: Record<string, (value: never) => Token[]> = {
  ...Object.fromEntries(TYPES_WITHOUT_SYSTEM.map((type) => [type, toPlainToken])),
  ContactPoint: ({ value }: ContactPoint) => (value === undefined ? [] : [{ code: value }]),
  Coding: toCodingToken,
  CodeableConcept: ({ coding = [] }: CodeableConcept) => coding.flatMap(toCodingToken),
  Identifier: toIdentifierToken,
};

/** Element type → what a person reads there (`:text`). */
export const TOKEN_TEXTS: Record<string, (value: never) => (string | undefined)[]> = {
  Coding: ({ display }: Coding) => [display],
  CodeableConcept: ({ text, coding = [] }: CodeableConcept) => [text, ...coding.map(({ display }) => display)],
  Identifier: ({ type }: Identifier) => [type?.text],
};

/** The types whose case does not matter, because nothing says that it does: text people type. Codes and identifiers keep theirs. */
export const CASE_INSENSITIVE_TYPES: ReadonlySet<string> = new Set(['ContactPoint', 'string']);

export const canHaveSystem = (type: string): boolean => !TYPES_WITHOUT_SYSTEM.includes(type) && type !== 'ContactPoint';

/** An identifier's value under each coding of its type (`:of-type`). Only complete codings count. */
function listTypedIdentifiers({ type, value }: Identifier): { system: string; code: string; value: string }[] {
  return (type?.coding ?? []).flatMap(({ system, code }) => (system && code && value ? [{ system, code, value }] : []));
}

/** Element type → its identifiers under the codings of their type. */
export const TYPED_IDENTIFIERS: Record<string, (value: never) => ReturnType<typeof listTypedIdentifiers>> = {
  Identifier: listTypedIdentifiers,
};
