// The supported units of UCUM, each defined by other units. https://ucum.org/ucum (case sensitive symbols)
// Logarithmic units (B, Np), radians and units without medical use are left out. Quantities with such units are compared only with the same unit.

/** `scale` × `unit` (a UCUM expression; absent: a base unit). `metric`: accepts prefixes. `zero`: the addend before scaling (temperatures). */
export interface UcumAtom {
  scale: string;
  unit?: string;
  metric: boolean;
  zero?: string;
}

const splitWords = (text: string): string[] => text.trim().split(/\s+/);

/** Prefix → power of ten. */
export const UCUM_PREFIXES: ReadonlyMap<string, number> = new Map(
  splitWords('Y:24 Z:21 E:18 P:15 T:12 G:9 M:6 k:3 h:2 da:1 d:-1 c:-2 m:-3 u:-6 n:-9 p:-12 f:-15 a:-18 z:-21 y:-24').map((entry) => {
    const [prefix, exponent] = entry.split(':');
    return [prefix!, Number(exponent)];
  }),
);

/**
 * The base units. UCUM defines mol, eq and osm as plain numbers. Here each has a dimension of its own, so that a milliequivalent is never equal to a millimole.
 * Arbitrary units (of procedures) are not comparable with other units, as UCUM requires.
 */
const METRIC_BASE_UNITS = splitWords('m g s K C cd mol eq osm [iU]');
const BASE_UNITS =
  splitWords(`deg [pH] [HPF] [LPF] [arb'U] [USP'U] [GPL'U] [MPL'U] [APL'U] [beth'U] [anti'Xa'U] [todd'U] [dye'U] [smgy'U] [bdsk'U] [ka'U]
  [knk'U] [mclg'U] [tb'U] [hnsf'U] [Amb'a'1'U] [D'ag'U] [AU] [BAU] [EU] [Lf] [CFU] [PFU] [FFU] [CCID_50] [TCID_50] [EID_50] [PNU]`);

/** Symbol, scale, unit. */
const METRIC_UNITS: [string, string, string][] = [
  ['[IU]', '1', '[iU]'],
  ['L', '1', 'dm3'],
  ['l', '1', 'dm3'],
  ['t', '1000', 'kg'],
  ['Hz', '1', 's-1'],
  ['N', '1', 'kg.m/s2'],
  ['dyn', '1', 'g.cm/s2'],
  ['Pa', '1', 'N/m2'],
  ['bar', '100000', 'Pa'],
  ['m[Hg]', '133.322', 'kPa'],
  ['m[H2O]', '9.80665', 'kPa'],
  ['J', '1', 'N.m'],
  ['erg', '1', 'dyn.cm'],
  ['cal', '4.184', 'J'],
  ['cal_th', '4.184', 'J'],
  ['W', '1', 'J/s'],
  ['A', '1', 'C/s'],
  ['V', '1', 'J/C'],
  ['Ohm', '1', 'V/A'],
  ['S', '1', 'A/V'],
  ['mho', '1', 'S'],
  ['F', '1', 'C/V'],
  ['Wb', '1', 'V.s'],
  ['T', '1', 'Wb/m2'],
  ['H', '1', 'Wb/A'],
  ['kat', '1', 'mol/s'],
  ['U', '1', 'umol/min'],
  ['g%', '1', 'g/dL'],
  ['P', '1', 'dyn.s/cm2'],
  ['St', '1', 'cm2/s'],
  ['Bq', '1', 's-1'],
  ['Ci', '37000000000', 'Bq'],
  ['Gy', '1', 'J/kg'],
  ['Sv', '1', 'J/kg'],
  ['RAD', '100', 'erg/g'],
  ['REM', '1', 'RAD'],
  ['R', '0.000258', 'C/kg'],
];

const OTHER_UNITS: [string, string, string][] = [
  ['10*', '10', '1'],
  ['10^', '10', '1'],
  ['%', '0.01', '1'],
  ['[ppth]', '0.001', '1'],
  ['[ppm]', '0.000001', '1'],
  ['[ppb]', '0.000000001', '1'],
  ['[pptr]', '0.000000000001', '1'],
  ['min', '60', 's'],
  ['h', '60', 'min'],
  ['d', '24', 'h'],
  ['wk', '7', 'd'],
  ['a', '365.25', 'd'],
  ['a_j', '365.25', 'd'],
  ['mo', '1', 'a_j/12'],
  ['mo_j', '1', 'a_j/12'],
  ["'", '1', 'deg/60'],
  ["''", '1', "'/60"],
  ['Ao', '0.1', 'nm'],
  ['[in_i]', '2.54', 'cm'],
  ['[ft_i]', '12', '[in_i]'],
  ['[yd_i]', '3', '[ft_i]'],
  ['[mi_i]', '5280', '[ft_i]'],
  ['[nmi_i]', '1852', 'm'],
  ['[sin_i]', '1', '[in_i]2'],
  ['[sft_i]', '1', '[ft_i]2'],
  ['[cin_i]', '1', '[in_i]3'],
  ['[Ch]', '1', 'mm/3'],
  ['[diop]', '1', 'm-1'],
  ['[gr]', '64.79891', 'mg'],
  ['[lb_av]', '7000', '[gr]'],
  ['[oz_av]', '1', '[lb_av]/16'],
  ['[dr_av]', '1', '[oz_av]/16'],
  ['[stone_av]', '14', '[lb_av]'],
  ['[oz_tr]', '480', '[gr]'],
  ['[lb_tr]', '12', '[oz_tr]'],
  ['[oz_ap]', '480', '[gr]'],
  ['[dr_ap]', '60', '[gr]'],
  ['[sc_ap]', '20', '[gr]'],
  ['[gal_us]', '231', '[cin_i]'],
  ['[qt_us]', '1', '[gal_us]/4'],
  ['[pt_us]', '1', '[gal_us]/8'],
  ['[cup_us]', '1', '[gal_us]/16'],
  ['[foz_us]', '1', '[gal_us]/128'],
  ['[tbs_us]', '1', '[foz_us]/2'],
  ['[tsp_us]', '1', '[foz_us]/6'],
  ['[fdr_us]', '1', '[foz_us]/8'],
  ['[cup_m]', '240', 'mL'],
  ['[foz_m]', '30', 'mL'],
  ['[tbs_m]', '15', 'mL'],
  ['[tsp_m]', '5', 'mL'],
  ['[drp]', '1', 'mL/20'],
  ['[g]', '9.80665', 'm/s2'],
  ['[lbf_av]', '1', '[lb_av].[g]'],
  ['[psi]', '1', '[lbf_av]/[sin_i]'],
  ['atm', '101325', 'Pa'],
  ["[in_i'Hg]", '1', 'm[Hg].[in_i]/m'],
  ["[in_i'H2O]", '1', 'm[H2O].[in_i]/m'],
  ['[Cal]', '1', 'kcal'],
  ['[MET]', '3.5', 'mL/min/kg'],
];

/** Symbol → its definition. */
export const UCUM_ATOMS: ReadonlyMap<string, UcumAtom> = new Map<string, UcumAtom>([
  ...METRIC_BASE_UNITS.map((symbol): [string, UcumAtom] => [symbol, { scale: '1', metric: true }]),
  ...BASE_UNITS.map((symbol): [string, UcumAtom] => [symbol, { scale: '1', metric: false }]),
  ...METRIC_UNITS.map(([symbol, scale, unit]): [string, UcumAtom] => [symbol, { scale, unit, metric: true }]),
  ...OTHER_UNITS.map(([symbol, scale, unit]): [string, UcumAtom] => [symbol, { scale, unit, metric: false }]),
  ['Cel', { scale: '1', unit: 'K', metric: false, zero: '273.15' }],
  ['[degF]', { scale: '5', unit: 'K/9', metric: false, zero: '459.67' }],
]);
