// A time, as people say it: "3 minutes ago". Its exact value is in the title.
const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
];
const RELATIVE = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const EXACT = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium' });
const WEEK_MS = 7 * 86_400_000;

export function TimeText({ at }: { at: string }) {
  const time = new Date(at);
  if (Number.isNaN(time.getTime())) return <span>{at}</span>;
  return (
    <time dateTime={at} title={EXACT.format(time)}>
      {describe(time)}
    </time>
  );
}

function describe(time: Date): string {
  const past = time.getTime() - Date.now();
  if (Math.abs(past) > WEEK_MS) return EXACT.format(time);
  const [unit, size] = UNITS.find(([, ms]) => Math.abs(past) >= ms) ?? ['second', 1000];
  return RELATIVE.format(Math.round(past / size), unit);
}
