// The markers of the sandbox's lab tests, with invented values and reference ranges as laboratories print them.

/** `text`: the usual result, as the laboratory prints it. */
export interface Marker {
  name: string;
  slug: string;
  loinc: string | null;
  code: string;
  type: 'numeric' | 'range' | 'comment' | 'coded_value';
  text: string;
  unit: string | null;
  reference: string | null;
  /** The bounds as printed. */
  low?: string;
  high?: string;
  /** The result when it is far too high. */
  critical?: string;
}

const numeric = (name: string, loinc: string | null, [text, unit, low, high]: [string, string, string, string]): Marker => ({
  name,
  slug: name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-'),
  loinc,
  code: String(1000 + name.length * 7 + name.charCodeAt(0)),
  type: 'numeric',
  text,
  unit,
  reference: `${low}-${high}`,
  low,
  high,
  critical: String(Number(high) * 5),
});

const TSH = numeric('TSH', '3016-3', ['2.10', 'mIU/L', '0.40', '4.50']);
const FSH = numeric('Follicle Stimulating Hormone', '15067-2', ['6.8', 'mIU/mL', '1.5', '12.4']);
const LH = numeric('Luteinizing Hormone', '10501-5', ['5.20', 'mIU/mL', '2.40', '12.60']);

/** One result of each other type: below the measurable range, a comment, and a coded value. */
const ANTIBODIES: Marker = {
  name: 'Thyroid Peroxidase Antibodies',
  slug: 'thyroid-peroxidase-antibodies',
  loinc: '8099-4',
  code: '5081',
  type: 'range',
  text: '<1.0',
  unit: 'IU/mL',
  reference: '<9.0',
  high: '9.0',
};
const REMARK: Marker = {
  name: 'Laboratory Remark',
  slug: 'laboratory-remark',
  loinc: null,
  code: '9001',
  type: 'comment',
  text: 'Values are within the expected range for age.',
  unit: null,
  reference: null,
};
const GROUP: Marker = { ...REMARK, name: 'ABO Group', slug: 'abo-group', loinc: '883-9', code: '7788', type: 'coded_value', text: 'A' };

/** Lab test → its markers. */
export const MARKERS: Record<string, Marker[]> = {
  '5b0c1a52-5a35-4a0f-8a3e-0f2f6c1d7a01': [TSH, numeric('Free T4', '3024-7', ['1.2', 'ng/dL', '0.8', '1.8']), ANTIBODIES, REMARK],
  '5b0c1a52-5a35-4a0f-8a3e-0f2f6c1d7a02': [
    numeric('Testosterone, Total', '2986-8', ['45.0', 'ng/dL', '9.0', '55.0']),
    LH,
    FSH,
    numeric('DHEA Sulfate', null, ['180', 'ug/dL', '45', '320']),
  ],
  '5b0c1a52-5a35-4a0f-8a3e-0f2f6c1d7a03': [
    numeric('Anti-Mullerian Hormone', '38476-1', ['1.97', 'ng/mL', '0.30', '10.00']),
    FSH,
    LH,
    TSH,
    GROUP,
  ],
  '5b0c1a52-5a35-4a0f-8a3e-0f2f6c1d7a04': [TSH],
  '5b0c1a52-5a35-4a0f-8a3e-0f2f6c1d7a05': [FSH, LH],
};
