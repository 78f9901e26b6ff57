// Whether one value of a parameter meets one value of a search, by the kind of the parameter. https://hl7.org/fhir/R4/search.html#ptypes
// What R4 leaves open is read as docs/decisions/0006-search-semantics.md says.
import { compares, comparesNumber, folded, measured, type Range, split, timeRange, timesOf, tolerance } from './brute-values.ts';
import type { SpecParameter, SpecValue } from './spec-values.ts';

export const BASE = 'https://fhir.example.org/fhir/R4';
export const localTarget = (reference?: string): string | undefined => {
  const own = reference?.startsWith(`${BASE}/`) ? reference.slice(BASE.length + 1) : reference;
  return /^([A-Z]\w+\/[\w.-]+)(\/_history\/.*)?$/.exec(own ?? '')?.[1];
};

export const ownTarget = (value: unknown): string | undefined => {
  const { resourceType, id } = (typeof value === 'object' ? value : {}) as { resourceType?: string; id?: string };
  return resourceType && id ? `${resourceType}/${id}` : undefined;
};

/** The types of dates. https://hl7.org/fhir/R4/search.html#date */
const DATE_TYPES = new Set(['date', 'dateTime', 'instant', 'Period', 'Timing']);

/** Whether a value is one that parameters of the kind search: `performedString` is no date, an attachment no reference. https://hl7.org/fhir/R4/search.html#ptypes */
export function isSearched(kind: string, { type, value }: SpecValue): boolean {
  if (kind === 'date') return DATE_TYPES.has(type);
  return kind !== 'reference' || type === 'Reference' || typeof value === 'string' || ownTarget(value) !== undefined;
}

type Match = (value: SpecValue, asked: string, modifier: string, parameter: SpecParameter) => boolean;

export const KINDS: Record<string, Match> = { string, token, date, number, quantity, reference, uri, special: near };

/** The texts of a string parameter's value. */
export function textsOf({ type, value }: SpecValue): string[] {
  if (typeof value === 'string') return [value];
  const parts = value as Record<string, unknown>;
  const names =
    type === 'HumanName'
      ? ['text', 'family', 'given', 'prefix', 'suffix']
      : ['text', 'line', 'city', 'district', 'state', 'postalCode', 'country'];
  return type === 'HumanName' || type === 'Address' ? names.flatMap((name) => (parts[name] as string | string[]) ?? []) : [];
}

function string(one: SpecValue, asked: string, modifier: string, { code }: SpecParameter): boolean {
  const texts = textsOf(one);
  if (modifier === 'exact') return texts.includes(asked);
  const wanted = folded(asked);
  if (modifier === 'contains') return [...texts, ...familyEnds(one, code)].some((text) => folded(text).includes(wanted));
  return [...texts, ...familyEnds(one, code)].some((text) => folded(text).startsWith(wanted));
}

/** Each later word of a family name is found by its beginning. */
function familyEnds({ type, value }: SpecValue, code: string): string[] {
  const family = type === 'HumanName' ? (value as { family?: string }).family : code === 'family' ? (value as string) : undefined;
  const words = family === undefined ? [] : folded(family).split(' ');
  return words.map((_word, at) => words.slice(at).join(' '));
}

/** A coded value: `system` undefined where its type has none, null where it has none itself. */
export function codesOf({ type, value }: SpecValue): { system?: string | null; code?: string | undefined }[] {
  const {
    system = null,
    code,
    value: of,
    coding = [],
  } = (typeof value === 'object' ? value : {}) as {
    system?: string | null;
    code?: string;
    value?: string;
    coding?: { system?: string; code?: string }[];
  };
  if (type === 'CodeableConcept') return coding.map((one) => ({ system: one.system ?? null, code: one.code }));
  if (type === 'Coding') return [{ system, code }];
  if (type === 'Identifier') return [{ system, code: of }];
  if (type === 'ContactPoint') return [{ code: of?.toLowerCase() }];
  if (typeof value === 'object') return [];
  return [{ code: type === 'string' ? String(value).toLowerCase() : String(value) }];
}

function token(one: SpecValue, asked: string, modifier: string): boolean {
  if (modifier === 'text') {
    const {
      text,
      display,
      coding = [],
      type,
    } = one.value as { text?: string; display?: string; coding?: { display?: string }[]; type?: { text?: string } };
    const texts =
      { Coding: [display], CodeableConcept: [text, ...coding.map((each) => each.display)], Identifier: [type?.text] }[one.type] ?? [];
    return texts.some((each) => each !== undefined && folded(each).includes(folded(asked)));
  }
  if (modifier === 'of-type') {
    const { type: of = {}, value: number } = one.value as { type?: { coding?: { system?: string; code?: string }[] }; value?: string };
    return (of.coding ?? []).some(({ system, code }) => system !== undefined && `${system}|${code}|${number}` === asked);
  }
  const caseless = one.type === 'ContactPoint' || one.type === 'string';
  const [first = '', second] = (caseless ? asked.toLowerCase() : asked).split('|');
  return codesOf(one).some(({ system, code }) => {
    if (second === undefined) return code === first;
    if (first === '') return system === null && code === second;
    return system === first && (second === '' || code === second);
  });
}

function date({ type, value }: SpecValue, asked: string): boolean {
  const target = timesOf(type, value);
  const [prefix, text] = split(asked);
  const searched = timeRange(text);
  return target !== undefined && compares(prefix, target, searched, searched[1], searched[0]);
}

/** The range of a quantity as written. */
export function amount({
  type,
  value,
}: SpecValue): { range: Range; system?: string | undefined; code?: string | undefined; unit?: string | undefined } | undefined {
  if (typeof value === 'number') return { range: [value, value] };
  if (type === 'Money') {
    const { value: sum, currency } = value as { value?: number; currency?: string };
    return sum === undefined ? undefined : { range: [sum, sum], ...(currency && { system: 'urn:iso:std:iso:4217', code: currency }) };
  }
  const { value: at, comparator, system, code, unit, low, high } = value as Record<string, never>;
  if (type === 'Range') {
    const [from, to] = [low, high] as ({ value?: number; system?: string; code?: string; unit?: string } | undefined)[];
    if (from?.value === undefined && to?.value === undefined) return undefined;
    return { range: [from?.value ?? -Infinity, to?.value ?? Infinity], ...(from ?? to) };
  }
  if (type === 'SampledData') return sampled(value as never);
  if (at === undefined) return undefined;
  const range: Range =
    comparator === '<' || comparator === '<=' ? [-Infinity, at] : comparator === '>' || comparator === '>=' ? [at, Infinity] : [at, at];
  return { range, system, code, unit };
}

/** From the least sample to the greatest; E, L and U are no numbers. */
function sampled({
  origin,
  factor = 1,
  data = '',
}: {
  origin?: { value?: number; system?: string; code?: string; unit?: string };
  factor?: number;
  data?: string;
}) {
  const samples = data
    .split(/\s+/)
    .filter((one) => /^-?\d/.test(one))
    .map((one) => Number(one) * factor + (origin?.value ?? Number.NaN));
  if (!samples.length || origin?.value === undefined) return undefined;
  return { range: [Math.min(...samples), Math.max(...samples)] as Range, system: origin.system, code: origin.code, unit: origin.unit };
}

function number(one: SpecValue, asked: string): boolean {
  return quantity(one, asked);
}

function quantity(one: SpecValue, asked: string): boolean {
  const found = amount(one);
  if (!found) return false;
  const [written = '', system, code] = asked.split('|');
  const [prefix, text] = split(written);
  const margin = prefix === 'ap' ? Math.max(Math.abs(Number(text)) / 10, tolerance(text)) : tolerance(text);
  const bounds = [Number(text), Number(text) - margin, Number(text) + margin];
  if (code === undefined || !system) {
    if (code !== undefined && found.code !== code && found.unit !== code) return false;
    return comparesNumber(prefix, found.range, bounds[0]!, bounds[1]!, bounds[2]!);
  }
  if (!found.system || !found.code) return false;
  const { scale } = measured(0, system, code);
  if (measured(0, found.system, found.code).scale !== scale) return false;
  const [at, low, high] = bounds.map((bound) => measured(bound, system, code).value) as [number, number, number];
  const range = found.range.map((end) => measured(end, found.system, found.code).value) as Range;
  return comparesNumber(prefix, range, at, low, high);
}

/** An id alone means a resource of the types that the parameter names. */
function reference({ type, value }: SpecValue, asked: string, modifier: string, { targets: types }: SpecParameter): boolean {
  const own = ownTarget(value);
  if (own !== undefined) return own === asked || own.split('/')[1] === asked;
  if (type !== 'Reference') return typeof value === 'string' && (asked === value || asked === value.split('|')[0]);
  const { reference: text, identifier } = value as { reference?: string; identifier?: { system?: string; value?: string } };
  if (modifier === 'identifier') return identifier !== undefined && token({ type: 'Identifier', value: identifier }, asked, '');
  const target = localTarget(text);
  if (target === undefined) return text === asked;
  const wanted = localTarget(asked) ?? asked;
  if (modifier !== '' && !target.startsWith(`${modifier}/`)) return false;
  if (wanted.includes('/')) return target === wanted;
  const [led, id] = target.split('/') as [string, string];
  return id === wanted && (modifier !== '' || !types?.length || types.includes(led));
}

function uri({ value }: SpecValue, asked: string, modifier: string): boolean {
  const text = value as string;
  if (modifier === 'below') return text.startsWith(asked);
  if (modifier === 'above') return asked.startsWith(text) || asked.startsWith(text.split('|')[0]!);
  return text === asked || text.split('|')[0] === asked;
}

function near({ value }: SpecValue, asked: string): boolean {
  const { latitude, longitude } = value as { latitude?: number; longitude?: number };
  const [lat, long, kilometers] = asked.split('|').map(Number) as [number, number, number];
  if (latitude === undefined || longitude === undefined || Math.abs(latitude) > 90) return false;
  const rad = Math.PI / 180;
  const cos =
    Math.sin(lat * rad) * Math.sin(latitude * rad) + Math.cos(lat * rad) * Math.cos(latitude * rad) * Math.cos((long - longitude) * rad);
  return Math.acos(Math.max(-1, Math.min(1, cos))) * 6371.0088 <= kilometers;
}
