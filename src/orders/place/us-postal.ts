// Converts state, ZIP code and country to the format that the lab network accepts. https://pe.usps.com/text/pub28/28apb.htm

/** USPS code → name. */
const STATES: Record<string, string> = {
  AL: 'Alabama',
  AK: 'Alaska',
  AZ: 'Arizona',
  AR: 'Arkansas',
  CA: 'California',
  CO: 'Colorado',
  CT: 'Connecticut',
  DE: 'Delaware',
  DC: 'District of Columbia',
  FL: 'Florida',
  GA: 'Georgia',
  HI: 'Hawaii',
  ID: 'Idaho',
  IL: 'Illinois',
  IN: 'Indiana',
  IA: 'Iowa',
  KS: 'Kansas',
  KY: 'Kentucky',
  LA: 'Louisiana',
  ME: 'Maine',
  MD: 'Maryland',
  MA: 'Massachusetts',
  MI: 'Michigan',
  MN: 'Minnesota',
  MS: 'Mississippi',
  MO: 'Missouri',
  MT: 'Montana',
  NE: 'Nebraska',
  NV: 'Nevada',
  NH: 'New Hampshire',
  NJ: 'New Jersey',
  NM: 'New Mexico',
  NY: 'New York',
  NC: 'North Carolina',
  ND: 'North Dakota',
  OH: 'Ohio',
  OK: 'Oklahoma',
  OR: 'Oregon',
  PA: 'Pennsylvania',
  PR: 'Puerto Rico',
  RI: 'Rhode Island',
  SC: 'South Carolina',
  SD: 'South Dakota',
  TN: 'Tennessee',
  TX: 'Texas',
  UT: 'Utah',
  VT: 'Vermont',
  VA: 'Virginia',
  WA: 'Washington',
  WV: 'West Virginia',
  WI: 'Wisconsin',
  WY: 'Wyoming',
  GU: 'Guam',
  VI: 'Virgin Islands',
  AS: 'American Samoa',
  MP: 'Northern Mariana Islands',
};
const STATE_CODES = new Map(Object.entries(STATES).flatMap(([code, name]) => [[code, code] as const, [name.toUpperCase(), code] as const]));
const UNITED_STATES = /^(us|usa|u\.s\.|u\.s\.a\.|united states|united states of america)$/i;

/** `ny`, `New York` → `NY`; undefined: not a state. */
export const toUsState = (text: string): string | undefined => STATE_CODES.get(text.trim().replace(/\s+/g, ' ').toUpperCase());

/** `12207`, `12207-1234`, `122071234` → with a hyphen before the last four digits; undefined: not a ZIP code. */
export function toUsZip(text: string): string | undefined {
  const [, five, four] = /^(\d{5})(?:[-\s]?(\d{4}))?$/.exec(text.trim()) ?? [];
  return five && (four ? `${five}-${four}` : five);
}

/** Any spelling of the United States → `US`; undefined for other countries. */
export const toUsCountry = (text: string): string | undefined => (UNITED_STATES.test(text.trim()) ? 'US' : undefined);
