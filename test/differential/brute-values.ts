// Comparison of texts, times, numbers with units and codes, written from the specification alone. Nothing here comes from src/.
// https://hl7.org/fhir/R4/search.html#prefix, #string, #token, #quantity

/** Folded: no case, accents, punctuation. */
export function folded(text: string): string {
  const letters = text.normalize('NFKD').replace(/\p{M}/gu, '').toUpperCase().toLowerCase();
  const words = letters
    .replace(/['’.`]/gu, '')
    .replace(/[\p{P}\p{Z}\p{Cc}]+/gu, ' ')
    .trim();
  return words || letters.trim();
}

/** [from, to), in milliseconds. */
export type Range = [number, number];

export function timeRange(text: string): Range {
  const [, y, mo, d, h, mi, s, f, zone] = /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?)?$/.exec(
    text,
  )!;
  const start = (year: number, month: number, day: number): number => Date.UTC(year, month, day);
  if (mo === undefined) return [start(+y!, 0, 1), start(+y! + 1, 0, 1)];
  if (d === undefined) return [start(+y!, +mo - 1, 1), start(+y!, +mo, 1)];
  if (h === undefined) return [start(+y!, +mo - 1, +d), start(+y!, +mo - 1, +d + 1)];
  const at = Date.parse(`${y}-${mo}-${d}T${h}:${mi}:${s ?? '00'}${(f ?? '').slice(0, 4)}${zone ?? 'Z'}`);
  const width = s === undefined ? 60_000 : f === undefined ? 1000 : Math.max(1, 10 ** (4 - f.length));
  return [at, at + width];
}

/** The types of a date that is a text. */
const DATES = new Set(['date', 'dateTime', 'instant']);

export function timesOf(type: string, value: unknown): Range | undefined {
  if (typeof value === 'string') return DATES.has(type) ? timeRange(value) : undefined;
  const { start, end, event, repeat } = value as { start?: string; end?: string; event?: string[]; repeat?: { boundsPeriod?: object } };
  if (type === 'Period') {
    if (start === undefined && end === undefined) return undefined;
    return [start === undefined ? -Infinity : timeRange(start)[0], end === undefined ? Infinity : timeRange(end)[1]];
  }
  const all = [...(event ?? []).map(timeRange), ...(repeat?.boundsPeriod ? [timesOf('Period', repeat.boundsPeriod)] : [])].filter(
    (one) => one !== undefined,
  );
  return all.length ? [Math.min(...all.map(([from]) => from)), Math.max(...all.map(([, to]) => to))] : undefined;
}

const PREFIXES = ['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap'];
export const split = (text: string): [prefix: string, rest: string] =>
  PREFIXES.includes(text.slice(0, 2)) ? [text.slice(0, 2), text.slice(2)] : ['eq', text];

/** The target's range against the range searched. `value`: where "above" and "below" begin. */
export function compares(prefix: string, target: Range, searched: Range, above: number, below: number): boolean {
  const within = target[0] >= searched[0] && target[1] <= searched[1];
  return {
    eq: within,
    ne: !within,
    gt: target[1] > above,
    lt: target[0] < below,
    ge: within || target[1] > above,
    le: within || target[0] < below,
    sa: target[0] >= above,
    eb: target[1] <= below,
    ap: target[0] < searched[1] && target[1] > searched[0],
  }[prefix]!;
}

/** Base units (mol/m3, g/m3, K) of what the test's resources are measured in: factor, and what is added before. */
const UNITS: Record<string, [dimension: string, factor: number, zero?: number]> = {
  'mmol/L': ['amount', 1],
  'umol/L': ['amount', 1e-3],
  'mg/dL': ['mass', 10],
  'g/L': ['mass', 1000],
  Cel: ['heat', 1, 273.15],
  '[degF]': ['heat', 5 / 9, 459.67],
};

export function measured(value: number, system: string | undefined, code: string | undefined): { scale: string; value: number } {
  const unit = system === 'http://unitsofmeasure.org' && code !== undefined ? UNITS[code] : undefined;
  return unit ? { scale: unit[0], value: (value + (unit[2] ?? 0)) * unit[1] } : { scale: `${system}|${code}`, value };
}

/** Half a unit of the last digit to both sides. */
export function tolerance(text: string): number {
  const [, fraction = '', exponent = '0'] = /^[+-]?\d+(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(text)!;
  return 0.5 * 10 ** (Number(exponent) - fraction.length);
}

/** Equal but for rounding counts as equal. */
export const near = (a: number, b: number): boolean =>
  a === b || (Number.isFinite(a - b) && Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b), 1e-12));
const less = (a: number, b: number): boolean => a < b && !near(a, b);

export function comparesNumber(prefix: string, [from, to]: Range, at: number, low: number, high: number): boolean {
  const within = !less(from, low) && less(to, high);
  return {
    eq: within,
    ne: !within,
    gt: less(at, to),
    lt: less(from, at),
    ge: !less(to, at),
    le: !less(at, from),
    sa: less(at, from),
    eb: less(to, at),
    ap: !less(high, from) && !less(to, low),
  }[prefix]!;
}
