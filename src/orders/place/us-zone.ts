// The local date in a US state, by the time zone of most of that state. Names of zones: https://www.iana.org/time-zones

/** Time zone → USPS codes of states. */
const STATES_BY_ZONE: Record<string, string> = {
  'America/New_York': 'CT DC DE FL GA IN KY MA MD ME MI NC NH NJ NY OH PA RI SC VA VT WV',
  'America/Chicago': 'AL AR IA IL KS LA MN MO MS ND NE OK SD TN TX WI',
  'America/Denver': 'CO ID MT NM UT WY',
  'America/Phoenix': 'AZ',
  'America/Los_Angeles': 'CA NV OR WA',
  'America/Anchorage': 'AK',
  'Pacific/Honolulu': 'HI',
  'America/Puerto_Rico': 'PR VI',
  'Pacific/Pago_Pago': 'AS',
  'Pacific/Guam': 'GU MP',
};
const DATE_FORMATS = new Map(
  Object.entries(STATES_BY_ZONE).flatMap(([timeZone, states]) => {
    const format = new Intl.DateTimeFormat('en', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit', calendar: 'gregory' });
    return states.split(' ').map((state) => [state, format] as const);
  }),
);

/** The date (YYYY-MM-DD) of this instant in this state (USPS code); in UTC for an unknown state. */
export function toDayInState(state: string, instant: Date): string {
  const format = DATE_FORMATS.get(state);
  if (!format) return instant.toISOString().slice(0, 10);
  const part = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, value]));
  return `${part.year}-${part.month}-${part.day}`;
}
