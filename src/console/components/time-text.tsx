// A time, as people say it: "3 minutes ago". Its exact value is in the title, and for machines.
const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
];
const RELATIVE = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const EXACT = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium' });
const DAY = new Intl.DateTimeFormat('en', { dateStyle: 'medium' });
const WEEK_MS = 7 * 86_400_000;

export const formatDay = (at: string): string => DAY.format(new Date(at));

/** A part of a date (`2026-11`) is shown as it is. */
export const formatTime = (at: string): string => {
  const time = new Date(at);
  return at.length <= 10 || Number.isNaN(time.getTime()) ? at : EXACT.format(time);
};

/** `exact`: the exact time is shown, and the distance is in the title. */
export function TimeText({ at, exact = false }: { at: string; exact?: boolean }) {
  const [own, other] = exact ? [formatTime(at), describe(at)] : [describe(at), formatTime(at)];
  return (
    <time dateTime={at} title={other}>
      {own}
    </time>
  );
}

function describe(at: string): string {
  const past = Date.parse(at) - Date.now();
  if (!(Math.abs(past) <= WEEK_MS)) return formatTime(at);
  const [unit, size] = UNITS.find(([, ms]) => Math.abs(past) >= ms) ?? ['second', 1000];
  return RELATIVE.format(Math.round(past / size), unit);
}
