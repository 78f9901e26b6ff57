// The form of the cases, and values that several of them have.
export type Json = Record<string, unknown>;

/** `type`: the type or backbone element with the constraint. `keeps`, `breaks`: elements that meet and that violate it. `root`: the containing resource. */
export interface InvariantCase {
  type: string;
  keeps: unknown[];
  breaks: unknown[];
  root?: Json;
}

/** Name of a constraint → its cases. */
export type InvariantCases = Readonly<Record<string, InvariantCase>>;

export const UCUM = 'http://unitsofmeasure.org';
export const quantity = (value: number, code = 'mg') => ({ value, system: UCUM, code });
export const coded = (code: string) => ({ coding: [{ system: 'http://loinc.org', code }] });
export const text = { text: 'words' };
export const reference = { reference: 'Organization/1' };
export const extension = [{ url: 'https://example.org/why', valueCode: 'unknown' }];
export const contact = { system: 'phone', value: '555-0100' };
export const profile = 'https://example.org/profile';
export const software = { name: 'Software' };
export const implementation = { description: 'Here' };
