// The value of a result as the laboratory printed it, its reference range, and its flag.
import type { CodeableConcept, Observation, Quantity, ReferenceRange } from '../../api/orders.ts';

const formatQuantity = ({ comparator = '', value }: Quantity = {}): string => (value === undefined ? '' : `${comparator}${value}`);

const formatRange = (low: Quantity | undefined, high: Quantity | undefined): string => `${formatQuantity(low)}–${formatQuantity(high)}`;

/** The value and its unit, apart. */
export function describeResult(observation: Observation): { value: string; unit?: string | undefined } {
  const { valueQuantity, valueString, valueCodeableConcept, valueRange, valueRatio, dataAbsentReason } = observation;
  if (valueQuantity) return { value: formatQuantity(valueQuantity), unit: valueQuantity.unit };
  if (valueString !== undefined) return { value: valueString };
  if (valueCodeableConcept) return { value: valueCodeableConcept.text ?? valueCodeableConcept.coding?.[0]?.display ?? '' };
  if (valueRange) return { value: formatRange(valueRange.low, valueRange.high), unit: valueRange.low?.unit };
  if (valueRatio) return { value: `${formatQuantity(valueRatio.numerator)}:${formatQuantity(valueRatio.denominator)}` };
  return { value: dataAbsentReason ? `no value (${dataAbsentReason.coding?.[0]?.code ?? dataAbsentReason.text})` : '' };
}

/** The name of the measured thing. */
export const describeCode = ({ code }: Observation): string => code.text ?? code.coding?.[0]?.display ?? code.coding?.[0]?.code ?? '';

/** The number of a value; undefined: it is no number. */
export function readNumber({ valueQuantity }: Observation): number | undefined {
  const value = Number(valueQuantity?.value);
  return valueQuantity?.value === undefined || Number.isNaN(value) ? undefined : value;
}

export interface Bounds {
  low: number | undefined;
  high: number | undefined;
}

const NUMBER = String.raw`(-?\d+(?:\.\d+)?)`;
const BETWEEN = new RegExp(`^\\s*${NUMBER}\\s*[-–]\\s*${NUMBER}\\s*$`);
const BELOW = new RegExp(`^\\s*<\\s*=?\\s*${NUMBER}\\s*$`);
const ABOVE = new RegExp(`^\\s*>\\s*=?\\s*${NUMBER}\\s*$`);

/** The bounds as numbers, also from a text such as `<9.0`. Undefined: there are none, or they are words. */
export function readBounds(range: ReferenceRange | undefined): Bounds | undefined {
  if (!range) return undefined;
  const { low, high, text = '' } = range;
  if (low?.value !== undefined || high?.value !== undefined) return { low: toNumber(low?.value), high: toNumber(high?.value) };
  const between = BETWEEN.exec(text);
  if (between) return { low: Number(between[1]), high: Number(between[2]) };
  const [below, above] = [BELOW.exec(text), ABOVE.exec(text)];
  return below || above ? { low: toNumber(above?.[1]), high: toNumber(below?.[1]) } : undefined;
}

const toNumber = (value: string | number | undefined): number | undefined => (value === undefined ? undefined : Number(value));

export const describeBounds = (range: ReferenceRange | undefined): string =>
  range ? (range.text ?? formatRange(range.low, range.high)) : '';

interface Flag {
  text: string;
  tone: 'neutral' | 'warn' | 'bad';
}

/** https://terminology.hl7.org/CodeSystem-v3-ObservationInterpretation.html. Null: nothing is remarkable. */
const FLAGS: Readonly<Record<string, Flag | null>> = {
  HH: { text: 'Critically high', tone: 'bad' },
  LL: { text: 'Critically low', tone: 'bad' },
  AA: { text: 'Critically abnormal', tone: 'bad' },
  HU: { text: 'Significantly high', tone: 'warn' },
  LU: { text: 'Significantly low', tone: 'warn' },
  H: { text: 'High', tone: 'warn' },
  L: { text: 'Low', tone: 'warn' },
  A: { text: 'Abnormal', tone: 'warn' },
  POS: { text: 'Positive', tone: 'warn' },
  DET: { text: 'Detected', tone: 'warn' },
  RR: { text: 'Reactive', tone: 'warn' },
  WR: { text: 'Weakly reactive', tone: 'warn' },
  R: { text: 'Resistant', tone: 'warn' },
  I: { text: 'Intermediate', tone: 'warn' },
  IND: { text: 'Indeterminate', tone: 'warn' },
  E: { text: 'Equivocal', tone: 'warn' },
  NEG: { text: 'Negative', tone: 'neutral' },
  ND: { text: 'Not detected', tone: 'neutral' },
  NR: { text: 'Non-reactive', tone: 'neutral' },
  S: { text: 'Susceptible', tone: 'neutral' },
  N: null,
};

const TONES: Flag['tone'][] = ['bad', 'warn', 'neutral'];

/** What all interpretations say, the most serious first. */
export function findFlags({ interpretation = [] }: Observation): Flag[] {
  const flags = new Map(interpretation.flatMap(readFlags).map((flag) => [flag.text, flag]));
  return [...flags.values()].sort((one, other) => TONES.indexOf(one.tone) - TONES.indexOf(other.tone));
}

/** The codings of an interpretation say the same in several code systems: an unknown one is shown in its own words only if no other is known. */
function readFlags({ coding = [], text }: CodeableConcept): Flag[] {
  const known = coding.flatMap(({ code = '' }) => (Object.hasOwn(FLAGS, code) ? [FLAGS[code] ?? null] : []));
  if (known.length > 0) return known.filter((flag) => flag !== null);
  const words = text ?? coding.find(({ display }) => display)?.display ?? coding[0]?.code;
  return words === undefined ? [] : [{ text: words, tone: 'neutral' }];
}

/** Why there is no plot. `plotted`: how many of the values are numbers in the unit. */
export function describeMissingPlot(count: number, plotted: number, unit: string | undefined): string {
  if (count === 0) return 'There is no final value so far: a trend needs two.';
  if (count === 1 && plotted === 1) return 'There is one value so far: a trend needs two.';
  return `${plotted === 0 ? 'No value is a number' : 'One value only is a number'} ${unit ? `in ${unit}` : 'without a unit'}: a trend needs two.`;
}
