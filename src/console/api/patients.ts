// Patients by what people know of them. The search goes by POST, so that no URL contains it.
import { type Resource, search } from './fhir.ts';
import type { ReadOptions } from './request.ts';

export interface Patient extends Resource {
  resourceType: 'Patient';
  id: string;
  name?: { text?: string; given?: string[]; family?: string }[];
  birthDate?: string;
  telecom?: { system?: string; value?: string }[];
}

const COUNT = '10';
const DATE = /^\d{4}(?:-\d\d){0,2}$/;
const ID = /^[A-Za-z0-9\-.]{1,64}$/;

/** Patients whose name begins with each word, or that have the text as telephone number, e-mail address, identifier, birth date or id. Without one: those that changed last. */
export async function findPatients(text: string, options?: ReadOptions): Promise<Patient[]> {
  const typed = text.trim();
  const condition: [string, string] = typed === '' ? ['_sort', '-_lastUpdated'] : ['_filter', buildFilter(typed)];
  const { body } = await search<Patient>('Patient', [condition, ['_count', COUNT]], options);
  return (body.entry ?? []).flatMap(({ resource }) => resource ?? []);
}

/** https://hl7.org/fhir/R4/search_filter.html */
function buildFilter(text: string): string {
  const names = splitName(text).map((word) => `name sw ${quote(word)}`);
  return [
    ...(names.length > 0 ? [`(${names.join(' and ')})`] : []),
    ...listPhones(text).map((phone) => `phone eq ${quote(phone)}`),
    `email eq ${quote(text)}`,
    `identifier eq ${quote(text)}`,
    ...(DATE.test(text) ? [`birthdate eq ${text}`] : []),
    ...(ID.test(text) ? [`_id eq ${quote(text)}`] : []),
  ].join(' or ');
}

/** The words of a name, however they are separated (`Lovelace, Ada`, `Ada M. Lovelace`). */
export const splitName = (text: string): string[] =>
  text
    .split(/[\s,;]+/)
    .map((word) => word.replace(/\.$/, ''))
    .filter((word) => word !== '');

/** A telephone number as it may be stored: as it was typed, without separators, and with the country, which is the United States for ten digits. */
function listPhones(text: string): string[] {
  const digits = text.replace(/[\s().\-/]/g, '');
  if (!/^\+?\d{5,}$/.test(digits)) return [text];
  const international = digits.startsWith('+') ? [] : [`+${digits}`, ...(digits.length === 10 ? [`+1${digits}`] : [])];
  return [...new Set([text, digits, ...international])];
}

const quote = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;

export const describePatient = ({ name = [], id }: Patient): string => {
  const [first] = name;
  return first?.text ?? ([...(first?.given ?? []), first?.family].filter(Boolean).join(' ') || id);
};
