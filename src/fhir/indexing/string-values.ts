// Which texts an element gives to a string parameter, by its type. https://hl7.org/fhir/R4/search.html#string
import type { Address, HumanName } from '@medplum/fhirtypes';

type Texts = (string | undefined | null)[];

const toTexts = (value: string): Texts => [value];

/** Element type → its texts: of names and addresses every part of type string, and the whole if it is given. */
export const STRING_TEXTS: Record<string, (value: never) => Texts> = {
  string: toTexts,
  markdown: toTexts,
  code: toTexts,
  HumanName: ({ text, family, given = [], prefix = [], suffix = [] }: HumanName) => [text, family, ...given, ...prefix, ...suffix],
  Address: ({ text, line = [], city, district, state, postalCode, country }: Address) => [
    text,
    ...line,
    city,
    district,
    state,
    postalCode,
    country,
  ],
};
