// Suggests known names for an unknown name.

/** The known name closest to `name` (ignoring case), or one that begins with it (a choice: `value` → `valueQuantity`); undefined if no name is close. */
export function findClosestName(name: string, known: readonly string[]): string | undefined {
  const wanted = name.toLowerCase();
  const farthest = Math.min(2, Math.floor(name.length / 3));
  const ranked = known
    .map((candidate) => ({ candidate, away: measureEditDistance(wanted, candidate.toLowerCase()) }))
    .sort((a, b) => a.away - b.away);
  const best = ranked[0];
  if (best && best.away <= farthest) return best.candidate;
  return known.find((candidate) => candidate.startsWith(name) && /^[A-Z]/.test(candidate.slice(name.length)));
}

/** ` (did you mean name?)`, or an empty text if no known name is close. */
export function formatSuggestion(name: string, known: readonly string[]): string {
  const closest = findClosestName(name.slice(0, 64), known);
  return closest === undefined ? '' : ` (did you mean ${closest}?)`;
}

/** The end of an error text about an unknown name: the closest name, and all known names. */
export const formatKnownNames = (name: string, known: readonly string[]): string =>
  `${formatSuggestion(name, known)}${known.length ? `; there ${known.length === 1 ? 'is' : 'are'} ${known.join(', ')}` : ''}`;

/** The number of letters to insert, delete, replace, or swap with the next one (optimal string alignment distance). */
function measureEditDistance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, index) => index)];
  for (let i = 1; i <= a.length; i++) {
    const above = rows[i - 1]!;
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? rows[i - 2]![j - 2]! + 1 : Infinity;
      row.push(Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1), swapped));
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
