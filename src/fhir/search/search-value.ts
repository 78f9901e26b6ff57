// The text of a search value: `,` between alternatives, `$` between the values of a composite, `|` between parts, and `\` before either, `$` or itself when it is meant as a letter.
// https://hl7.org/fhir/R4/search.html#escaping
import { invalid } from '../outcome.ts';

const MISPLACED = /\\(?![,|$\\])/;
/** So many alternatives a value may have. */
const MAX_ALTERNATIVES = 5000;

/** The alternatives of a value, still escaped. An empty one is refused: it would ask for nothing, or for everything. */
export function splitAlternatives(parameter: string, value: string): string[] {
  if (MISPLACED.test(value.replaceAll('\\\\', '')))
    throw invalid(`${parameter}: a backslash may stand only before , | $ or another backslash`);
  const pieces = splitUnescaped(value, ',');
  if (pieces.length > MAX_ALTERNATIVES) throw invalid(`${parameter} takes at most ${MAX_ALTERNATIVES} values separated by comma`);
  if (pieces.some((piece) => piece.trim() === '')) throw invalid(`${parameter} needs a value`);
  return pieces;
}

/** The parts of one alternative (`system|code`), unescaped. */
export const splitParts = (alternative: string): string[] => splitUnescaped(alternative, '|').map(unescapeValue);

/** The values of one alternative of a composite (`code$value`), still escaped. */
export const splitComponents = (alternative: string): string[] => splitUnescaped(alternative, '$');

/** One alternative as the text it means. */
export const unescapeValue = (alternative: string): string =>
  alternative.includes('\\') ? alternative.replace(/\\(.)/gs, '$1') : alternative;

function splitUnescaped(text: string, separator: ',' | '|' | '$'): string[] {
  if (!text.includes('\\')) return text.split(separator);
  const pieces = [''];
  for (const [letter] of text.matchAll(/\\.|./gs)) {
    if (letter === separator) pieces.push('');
    else pieces[pieces.length - 1] += letter;
  }
  return pieces;
}
