// Who an order is for, in the form the laboratory network takes: from the Patient as it was when the order was made (contained), then from the stored one.
// https://hl7.org/fhir/R4/patient.html
import { type Issue, issue } from '../../fhir/outcome.ts';
import type { Resource } from '../../fhir/types.ts';
import { asciiName } from './ascii-name.ts';
import { emailAddress } from './email-address.ts';
import { type Found, hasName, homeOf, located, named, reachable } from './patient-parts.ts';
import { usPhone } from './us-phone.ts';
import { usCountry, usState, usZip } from './us-postal.ts';
import { dayIn } from './us-zone.ts';

export interface OrderPatient {
  firstName: string;
  lastName: string;
  /** YYYY-MM-DD. */
  birthDate: string;
  gender: string;
  /** E.164. */
  phone: string;
  email: string;
  /** At least one line. */
  lines: string[];
  city: string;
  state: string;
  zip: string;
}

/** A Patient to look into. `at`: where it stands in the ServiceRequest, undefined for the stored one. */
export interface Source {
  patient: Resource;
  at: string | undefined;
}

interface Fact {
  /** What is needed, in words, and the element that would say it. */
  needs: string;
  /** What a value that cannot be used is to be. */
  rule?: string;
  element: string;
  /** Whether this Patient has a name, an address … at all: of several, the first that has one is believed, and parts are never mixed. */
  spoken(patient: Resource, now: string): boolean;
  /** Where it may stand at this time (ISO 8601), best first. */
  candidates(patient: Resource, now: string): Found[];
  /** The form that is sent; undefined: it cannot be brought into it. */
  form(text: string): string | undefined;
}

/** The most characters that the laboratory network takes of a name: a longer one is refused, not cut. https://docs.junction.com/lab/workflow/ordering */
const LONGEST_NAME = 50;
const DATE = /^\d{4}-\d\d-\d\d$/;

const hasHome = (patient: Resource, now: string): boolean => homeOf(patient, now) !== undefined;
const trimmed = (text: string): string | undefined => text.trim() || undefined;

function shortName(text: string): string | undefined {
  const name = asciiName(text);
  return name !== undefined && name.length <= LONGEST_NAME ? name : undefined;
}

const FACTS: Record<Exclude<keyof OrderPatient, 'lines' | 'gender'>, Fact> = {
  firstName: {
    needs: "the patient's first name in Latin letters",
    rule: `at most ${LONGEST_NAME} letters`,
    element: 'Patient.name.given',
    spoken: hasName,
    candidates: (patient, now) => named(patient, 'given[0]', now),
    form: shortName,
  },
  lastName: {
    needs: "the patient's last name in Latin letters",
    rule: `at most ${LONGEST_NAME} letters`,
    element: 'Patient.name.family',
    spoken: hasName,
    candidates: (patient, now) => named(patient, 'family', now),
    form: shortName,
  },
  birthDate: {
    needs: "the patient's full date of birth",
    element: 'Patient.birthDate',
    spoken: ({ birthDate }) => birthDate !== undefined,
    candidates: ({ birthDate }) => (typeof birthDate === 'string' ? [['birthDate', birthDate]] : []),
    form: (text) => (DATE.test(text) ? text : undefined),
  },
  phone: {
    needs: 'a US phone number of the patient',
    rule: 'ten digits, and none of the reserved numbers (area code 555, 555-01xx, 911)',
    element: "Patient.telecom.where(system='phone').value",
    spoken: (patient, now) => reachable(patient, 'phone', now).length > 0,
    candidates: (patient, now) => reachable(patient, 'phone', now),
    form: usPhone,
  },
  email: {
    needs: 'an e-mail address of the patient',
    rule: 'a mailbox, @ and a domain name',
    element: "Patient.telecom.where(system='email').value",
    spoken: (patient, now) => reachable(patient, 'email', now).length > 0,
    candidates: (patient, now) => reachable(patient, 'email', now),
    form: emailAddress,
  },
  city: {
    needs: "a city in the patient's address",
    element: 'Patient.address.city',
    spoken: hasHome,
    candidates: (patient, now) => located(patient, 'city', now),
    form: trimmed,
  },
  state: {
    needs: "a US state in the patient's address",
    element: 'Patient.address.state',
    spoken: hasHome,
    candidates: (patient, now) => located(patient, 'state', now),
    form: usState,
  },
  zip: {
    needs: "a ZIP code in the patient's address",
    element: 'Patient.address.postalCode',
    spoken: hasHome,
    candidates: (patient, now) => located(patient, 'postalCode', now),
    form: usZip,
  },
};
const FIRST_LINE: Fact = {
  needs: "a street in the patient's address",
  element: 'Patient.address.line',
  spoken: hasHome,
  candidates: (patient, now) => located(patient, 'line[0]', now),
  form: trimmed,
};
/** For a minor the network asks for a parent or guardian, whom nothing here can name yet. */
const OF_AGE: Fact = {
  ...FACTS.birthDate,
  needs: 'a patient of eighteen years or more, since a parent or guardian cannot be named',
};
/** Absent: the United States. */
const COUNTRY: Fact = {
  needs: "the patient's address in the United States",
  element: 'Patient.address.country',
  spoken: (patient, now) => located(patient, 'country', now).length > 0,
  candidates: (patient, now) => located(patient, 'country', now),
  form: usCountry,
};

/** The patient of an order, or everything that is missing or unusable. `sources`: the first that says something about a fact is believed. */
export function orderPatient(sources: Source[], now: Date): { patient: OrderPatient } | { issues: Issue[] } {
  const issues: Issue[] = [];
  const at = now.toISOString();
  const look = (fact: Fact) => {
    const source = sources.find(({ patient }) => fact.spoken(patient, at));
    return { source, candidates: source ? fact.candidates(source.patient, at) : [] };
  };
  const refuse = (fact: Fact): void => {
    const { source, candidates } = look(fact);
    issues.push(missing(fact, source, candidates[0]));
  };
  const take = (fact: Fact): string => {
    const form = look(fact)
      .candidates.map(([, text]) => fact.form(text))
      .find((text) => text !== undefined);
    if (form === undefined) refuse(fact);
    return form ?? '';
  };
  const facts = Object.fromEntries(Object.entries(FACTS).map(([name, fact]) => [name, take(fact)])) as Record<keyof typeof FACTS, string>;
  const first = take(FIRST_LINE);
  const home = sources.find(({ patient }) => hasHome(patient, at));
  if (home && COUNTRY.spoken(home.patient, at)) take(COUNTRY);
  const born = facts.birthDate;
  if (born !== '' && isMinor(born, dayIn(facts.state, now))) refuse(OF_AGE);
  if (issues.length) return { issues };
  return { patient: { ...facts, gender: genderOf(sources), lines: [first, ...furtherLines(sources, at)] } };
}

/** Both days as YYYY-MM-DD. */
const isMinor = (born: string, today: string): boolean => `${Number(born.slice(0, 4)) + 18}${born.slice(4)}` > today;

/** In the contained Patient the element itself; for the stored one, which is another resource, the reference that leads to it as well. */
function missing({ needs, rule, element }: Fact, source: Source | undefined, found: Found | undefined): Issue {
  const text = `an order needs ${needs}${found && rule ? `: ${rule}` : ''}`;
  if (source?.at === undefined) return issue('business-rule', text, ['ServiceRequest.subject', element]);
  return issue('business-rule', text, found ? `${source.at}.${found[0]}` : source.at);
}

function furtherLines(sources: Source[], now: string): string[] {
  const home = sources.map(({ patient }) => homeOf(patient, now)).find((found) => found !== undefined);
  const lines = ((home?.[1].line as unknown[] | undefined) ?? []).filter((line) => typeof line === 'string');
  return lines
    .slice(1)
    .map((line) => line.trim())
    .filter(Boolean);
}

const GENDERS = new Set(['female', 'male', 'other', 'unknown']);

const genderOf = (sources: Source[]): string =>
  (sources.map(({ patient }) => patient.gender).find((gender) => GENDERS.has(gender as string)) as string | undefined) ?? 'unknown';
