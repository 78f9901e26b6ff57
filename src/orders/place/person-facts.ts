// The data of a person that an order needs, in the lab network's format: names, contact points and an address in the United States.
// https://hl7.org/fhir/R4/patient.html
import { type Issue, issue } from '../../fhir/outcome.ts';
import type { Resource } from '../../fhir/types.ts';
import {
  findValues,
  isMilitaryPost,
  type LocatedValue,
  toAsciiName,
  toEmailAddress,
  toUsCountry,
  toUsPhone,
  toUsState,
  toUsZip,
  type ValuePath,
} from './demographics.ts';

/** A resource, or a part of one, as a source of data. */
export interface PersonSource {
  person: Resource;
  /** Its path in the ServiceRequest; undefined: it is not in the request. */
  at: string | undefined;
}

export interface PersonFact {
  /** Name of the required value, for error texts. */
  needs: string;
  /** The format of a valid value, for error texts about an invalid one. */
  rule?: string;
  element: string;
  /** The first source that has a name, an address … at all is used: parts of two sources are never mixed. */
  path: ValuePath;
  /** Converts a value to the format that is sent; undefined: the value is invalid. */
  form(text: string): string | undefined;
}

/** Who a person is to the order. `who`: for error texts. `type`: the beginning of the FHIRPaths of its elements. `reference`: the path in the request that leads to it. */
export interface PersonRole {
  who: string;
  type: string;
  reference: string;
}

type FactName = 'firstName' | 'lastName' | 'phone' | 'email' | 'line' | 'city' | 'state' | 'zip';

/** The lab network's limit for names: a longer name is refused, not shortened. https://docs.junction.com/lab/workflow/ordering */
const LONGEST_NAME = 50;

const trimToUndefined = (text: string): string | undefined => text.trim() || undefined;

function toShortName(text: string): string | undefined {
  const name = toAsciiName(text);
  return name !== undefined && name.length <= LONGEST_NAME ? name : undefined;
}

export function buildPersonFacts({ who, type }: PersonRole): Record<FactName, PersonFact> {
  return {
    firstName: {
      needs: `${who}'s first name in Latin letters`,
      rule: `at most ${LONGEST_NAME} letters`,
      element: `${type}.name.given`,
      path: { element: 'name', part: 'given[0]' },
      form: toShortName,
    },
    lastName: {
      needs: `${who}'s last name in Latin letters`,
      rule: `at most ${LONGEST_NAME} letters`,
      element: `${type}.name.family`,
      path: { element: 'name', part: 'family' },
      form: toShortName,
    },
    phone: {
      needs: `a US phone number of ${who}`,
      rule: 'ten digits, and none of the reserved numbers (area code 555, 555-01xx, 911)',
      element: `${type}.telecom.where(system='phone').value`,
      path: { element: 'telecom', part: 'value', system: 'phone' },
      form: toUsPhone,
    },
    email: {
      needs: `an e-mail address of ${who}`,
      rule: 'a mailbox, @ and a domain name',
      element: `${type}.telecom.where(system='email').value`,
      path: { element: 'telecom', part: 'value', system: 'email' },
      form: toEmailAddress,
    },
    city: {
      needs: `a city in ${who}'s address`,
      element: `${type}.address.city`,
      path: { element: 'address', part: 'city' },
      form: trimToUndefined,
    },
    state: {
      needs: `a US state in ${who}'s address`,
      element: `${type}.address.state`,
      path: { element: 'address', part: 'state' },
      form: toUsState,
    },
    zip: {
      needs: `a ZIP code in ${who}'s address`,
      element: `${type}.address.postalCode`,
      path: { element: 'address', part: 'postalCode' },
      form: toUsZip,
    },
    line: {
      needs: `a street in ${who}'s address`,
      element: `${type}.address.line`,
      path: { element: 'address', part: 'line[0]' },
      form: trimToUndefined,
    },
  };
}

/** An address without a country is in the United States. */
const buildCountryFact = ({ who, type }: PersonRole): PersonFact => ({
  needs: `${who}'s address in the United States`,
  element: `${type}.address.country`,
  path: { element: 'address', part: 'country' },
  form: toUsCountry,
});

const buildMilitaryFact = ({ who, type }: PersonRole): PersonFact => ({
  needs: `${who}'s address in a state: the lab network does not document how addresses of military post offices (APO, FPO, DPO) are sent, and no physician is licensed there`,
  element: `${type}.address.state`,
  path: { element: 'address', part: 'state' },
  form: () => undefined,
});

const ALL_LINES: ValuePath = { element: 'address', part: 'line' };

/** Reads values of a person from the first source that has them. */
interface PersonReader {
  /** The values; an empty text for each one that is missing or invalid. */
  readFacts<N extends string>(facts: Record<N, PersonFact>): Record<N, string>;
  /** The valid value; undefined: there is none. An invalid value is an issue. */
  readOptional(fact: PersonFact): string | undefined;
  /** The lines of the address after the first. Addresses in other countries and of military post offices are issues. */
  readOtherLines(): string[];
  refuse(fact: PersonFact): void;
  /** The issues so far. */
  issues: Issue[];
}

export function createPersonReader(sources: PersonSource[], role: PersonRole, now: string): PersonReader {
  const issues: Issue[] = [];
  const find = (path: ValuePath) => findSource(sources, path, now);
  const refuse = (fact: PersonFact): void => {
    const { source, values } = find(fact.path);
    issues.push(buildMissingIssue(fact, { source, found: values[0], role }));
  };
  const texts = (part: string): string[] => find({ element: 'address', part }).values.map(([, text]) => text);
  const isMilitary = isMilitaryPost({ states: texts('state'), cities: texts('city') });
  return {
    issues,
    refuse,
    readFacts(facts) {
      const read = Object.entries<PersonFact>(facts).map(([name, fact]) => {
        const value = findValidValue(find(fact.path).values, fact);
        if (value === undefined && !(isMilitary && fact.element.endsWith('.address.state'))) refuse(fact);
        return [name, value ?? ''];
      });
      // type assertion: Object.fromEntries loses the key type
      return Object.fromEntries(read) as Record<keyof typeof facts, string>;
    },
    readOptional(fact) {
      const { values } = find(fact.path);
      const value = findValidValue(values, fact);
      if (values.length && value === undefined) refuse(fact);
      return value;
    },
    readOtherLines() {
      if (isMilitary) refuse(buildMilitaryFact(role));
      const country = buildCountryFact(role);
      const countries = find(country.path).values;
      if (countries.length && findValidValue(countries, country) === undefined) refuse(country);
      return find(ALL_LINES)
        .values.slice(1)
        .flatMap(([, text]) => text.trim() || []);
    },
  };
}

/** The first source that has an element at this path, and the element's values. */
function findSource(sources: PersonSource[], path: ValuePath, now: string): { source: PersonSource | undefined; values: LocatedValue[] } {
  for (const source of sources) {
    const values = findValues(source.person, path, now);
    if (values) return { source, values };
  }
  return { source: undefined, values: [] };
}

function findValidValue(values: LocatedValue[], { form }: PersonFact): string | undefined {
  for (const [, text] of values) {
    const formed = form(text);
    if (formed !== undefined) return formed;
  }
  return undefined;
}

/** For a resource inside the request the issue names the element. Other resources are named by the reference to them, and the element. */
function buildMissingIssue(
  { needs, rule, element }: PersonFact,
  { source, found, role }: { source: PersonSource | undefined; found: LocatedValue | undefined; role: PersonRole },
): Issue {
  const text = `an order needs ${needs}${found && rule ? `: ${rule}` : ''}`;
  if (source?.at === undefined) return issue('business-rule', text, [role.reference, element]);
  return issue('business-rule', text, found ? `${source.at}.${found[0]}` : source.at);
}
