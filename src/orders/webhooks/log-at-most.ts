// A log that anybody can write into by sending messages gets a line of each text at most once a minute, with the number of those that were left out.

type Log = (facts: Record<string, unknown>, text: string) => void;

const MINUTE_MS = 60_000;

/** `now`: when a line would be written. */
export function logAtMostOnceAMinute(): (log: Log, now: Date, facts: Record<string, unknown>, text: string) => void {
  const lines = new Map<string, { at: number; notLogged: number }>();
  return (log, now, facts, text) => {
    const line = lines.get(text);
    const at = now.getTime();
    if (line && Math.abs(at - line.at) < MINUTE_MS) {
      line.notLogged += 1;
      return;
    }
    lines.set(text, { at, notLogged: 0 });
    log({ ...facts, ...(line?.notLogged && { notLogged: line.notLogged }) }, text);
  };
}
