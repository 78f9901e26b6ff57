// The searches that find candidates for $match by the index. Only their results are compared, because comparing all patients would take too long.
// https://hl7.org/fhir/R4/patient.html#search
import { foldText } from './indexing/text-folding.ts';
import { listObjects } from './json-values.ts';
import { escapeSearchValue } from './search/search-value.ts';
import type { Resource } from './types.ts';

type Parameter = [name: string, value: string];

/** Search parameter → its values in the sent patient. */
const VALUES: Readonly<Record<string, (patient: Resource) => string[]>> = {
  identifier: ({ identifier }) =>
    listObjects(identifier).flatMap(({ system, value }) =>
      typeof value === 'string' ? `${toValue(system)}|${escapeSearchValue(value)}` : [],
    ),
  telecom: ({ telecom }) => listObjects(telecom).flatMap(({ value }) => toValues(value)),
  family: ({ name }) => listObjects(name).flatMap(({ family }) => toValues(family)),
  phonetic: ({ name }) => listObjects(name).flatMap(({ family }) => toValues(family)),
  given: ({ name }) => listObjects(name).flatMap(({ given }) => toValues(Array.isArray(given) ? given[0] : undefined)),
  birthdate: ({ birthDate }) => toValues(birthDate),
};

/** `year`: the year of birth only. */
const SEARCHES: readonly { parameters: readonly string[]; year?: true }[] = [
  { parameters: ['identifier'] },
  { parameters: ['telecom'] },
  { parameters: ['family', 'birthdate'] },
  { parameters: ['given', 'birthdate'] },
  { parameters: ['family', 'given'] },
  { parameters: ['phonetic', 'birthdate'], year: true },
];

/** The searches for which the patient has values. */
export function listMatchSearches(patient: Resource): Parameter[][] {
  return SEARCHES.flatMap(({ parameters, year }) => {
    const search = parameters.map(
      (name): Parameter => [
        name,
        VALUES[name]!(patient)
          .map((value) => (year && name === 'birthdate' ? value.slice(0, 4) : value))
          .join(','),
      ],
    );
    return search.every(([, value]) => value !== '') ? [search] : [];
  });
}

/** The texts that `listMatchSearches` can use, for errors. */
export const MATCH_INPUT = 'an identifier, a telecom, a family and a given name, or a name and a birth date';

const toValue = (value: unknown): string => (typeof value === 'string' ? escapeSearchValue(value) : '');
const toValues = (value: unknown): string[] => (typeof value === 'string' && foldText(value) !== '' ? [escapeSearchValue(value)] : []);
