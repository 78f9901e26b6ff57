// A clock that goes on by a second whenever somebody looks at it, from the beginning of a day on: no two moments are the same, and midnight is far.

export function tickingClock(): () => Date {
  let seconds = 0;
  return () => new Date(Date.UTC(2026, 2, 1, 0, 0, seconds++));
}
