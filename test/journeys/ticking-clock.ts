// A clock that advances one second at each reading, from the beginning of a day: no two times are equal, and midnight is far away.

export function tickingClock(): () => Date {
  let seconds = 0;
  return () => new Date(Date.UTC(2026, 2, 1, 0, 0, seconds++));
}
