// A time as a distance from now, with the exact time on hover and for machines.
const UNITS: [unit: Intl.RelativeTimeFormatUnit, ms: number][] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
];
const RELATIVE = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' });
const EXACT = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });

const formatExact = (at: string): string => (at.length > 10 ? EXACT.format(new Date(at)) : at);
export const formatDay = (at: string): string => DAY.format(new Date(at));

function formatDistance(at: string): string {
  const distance = Date.parse(at) - Date.now();
  const [unit, ms] = UNITS.find(([, length]) => Math.abs(distance) >= length) ?? UNITS.at(-1)!;
  return RELATIVE.format(Math.round(distance / ms), unit);
}

/** `exact`: the exact time is shown, and the distance on hover. */
export const OrderTime = ({ at, exact = false }: { at: string; exact?: boolean }) => (
  <time dateTime={at} title={exact ? formatDistance(at) : formatExact(at)}>
    {exact ? formatExact(at) : formatDistance(at)}
  </time>
);
