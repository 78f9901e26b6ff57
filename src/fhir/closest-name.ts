// Which known name somebody meant who wrote one that is not known.

/** The known name closest to `name` (ignoring case), or one that begins with it (a choice: `value` → `valueQuantity`); undefined when none is near. */
export function closestName(name: string, known: readonly string[]): string | undefined {
  const wanted = name.toLowerCase();
  const farthest = Math.min(2, Math.floor(name.length / 3));
  const ranked = known.map((candidate) => ({ candidate, away: distance(wanted, candidate.toLowerCase()) })).sort((a, b) => a.away - b.away);
  const best = ranked[0];
  if (best && best.away <= farthest) return best.candidate;
  return known.find((candidate) => candidate.startsWith(name) && /^[A-Z]/.test(candidate.slice(name.length)));
}

/** ` (did you mean name?)`, or nothing when no known name is near. */
export function didYouMean(name: string, known: readonly string[]): string {
  const closest = closestName(name.slice(0, 64), known);
  return closest === undefined ? '' : ` (did you mean ${closest}?)`;
}

/** How many letters must be put in, left out or replaced (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) row = nextRow(row, a[i - 1]!, b, i);
  return row[b.length]!;
}

function nextRow(above: number[], letter: string, b: string, first: number): number[] {
  const row = [first];
  for (let j = 1; j <= b.length; j++) {
    row.push(Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + (letter === b[j - 1] ? 0 : 1)));
  }
  return row;
}
