// A value of a resource as a search would name it.
import type { ParameterKind } from '../../src/fhir/indexing/indexed-parameter.ts';
import type { TypedValue } from '../../src/fhir/indexing/typed-value.ts';
import type { SearchParameter } from '../../src/fhir/search/registry.ts';

/** Parts of datatypes that searches name. */
interface Parts {
  system?: string;
  code?: string;
  value?: string | number;
  coding?: { system: string; code: string }[];
  family?: string;
  city?: string;
  reference?: string;
  start?: string;
  latitude?: number;
  longitude?: number;
  low?: Parts;
}

const token = ({ system, code, value, coding: [first] = [] }: Parts): string | undefined => {
  const named = first ?? { system, code: code ?? value };
  return named.code === undefined
    ? undefined
    : named.system === undefined || value !== undefined
      ? String(named.code)
      : `${named.system}|${named.code}`;
};

const IN_OBJECTS: Partial<Record<ParameterKind, (value: Parts) => string | undefined>> = {
  token,
  string: ({ family, city }) => family ?? city,
  reference: ({ reference }) => reference,
  date: ({ start }) => start?.slice(0, 10),
  quantity: ({ value, system, code, low }) =>
    value === undefined ? low && `${low.value}|${low.system}|${low.code}` : `${value}|${system}|${code}`,
  special: ({ latitude, longitude }) => (latitude === undefined ? undefined : `${latitude}|${longitude}|25|km`),
};

const IN_TEXTS: Partial<Record<ParameterKind, (text: string) => string>> = {
  token: (text) => text,
  string: (text) => text.split(' ')[0]!,
  uri: (text) => text,
  reference: (text) => text,
  date: (text) => text.slice(0, 10),
};

/** Undefined: values of this kind are not searched here. */
export function queryValue({ type }: SearchParameter, { value }: TypedValue): string | undefined {
  return typeof value === 'object' && value !== null ? IN_OBJECTS[type]?.(value as Parts) : IN_TEXTS[type]?.(String(value));
}
