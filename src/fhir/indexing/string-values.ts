// Which texts an element gives to a string parameter, by its type. https://hl7.org/fhir/R4/search.html#string

type Texts = (string | undefined | null)[];

interface HumanName {
  text?: string;
  family?: string;
  given?: string[];
  prefix?: string[];
  suffix?: string[];
}

interface Address {
  text?: string;
  line?: string[];
  city?: string;
  district?: string;
  state?: string;
  postalCode?: string;
  country?: string;
}

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
