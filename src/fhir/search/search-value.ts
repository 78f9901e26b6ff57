// Splits search values: `,` separates alternatives, `$` the values of a composite, `|` parts. A `\` escapes each of these and itself.
// https://hl7.org/fhir/R4/search.html#escaping
import { invalid } from '../outcome.ts';

const MISPLACED = /\\(?![,|$\\])/;
/** The most alternatives of a value. */
const MAX_ALTERNATIVES = 5000;

/** The alternatives of a value, still escaped. An empty alternative is refused. */
export function splitAlternatives(parameter: string, value: string): string[] {
  if (MISPLACED.test(value.replaceAll('\\\\', '')))
    throw invalid(`${parameter}: a backslash may occur only before , | $ or another backslash`);
  const pieces = splitUnescaped(value, ',');
  if (pieces.length > MAX_ALTERNATIVES) throw invalid(`${parameter} may have at most ${MAX_ALTERNATIVES} values separated by comma`);
  if (pieces.some((piece) => piece.trim() === '')) throw invalid(`${parameter} needs a value`);
  return pieces;
}

/** The parts of one alternative (`system|code`), unescaped. */
export const splitParts = (alternative: string): string[] => splitUnescaped(alternative, '|').map(unescapeValue);

/** The values of one alternative of a composite (`code$value`), still escaped. */
export const splitComponents = (alternative: string): string[] => splitUnescaped(alternative, '$');

/** One alternative without its escapes. */
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
