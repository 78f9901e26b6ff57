// The texts of an element, by its type, for string parameters. https://hl7.org/fhir/R4/search.html#string
import type { Address, HumanName } from '@medplum/fhirtypes';

type Texts = (string | undefined | null)[];

const toTexts = (value: string): Texts => [value];

/** Element type → its texts. A name or address has its `text`, and each part of type string. */
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
