// Matches texts against a regular expression of a value set, in bounded time. Such an expression comes from a client, and backtracking may take longer than any
// request: https://owasp.org/www-community/attacks/Regular_expression_Denial_of_Service_-_ReDoS
import { createContext, Script } from 'node:vm';
import { readMember } from '../json-values.ts';
import { invalid, tooCostly } from '../outcome.ts';

/** The longest time of an attempt with all texts, in ms. No other request is handled meanwhile. */
const MAX_MS = 100;
/** If the process had less processor time than this in an attempt, in ms, other programs had the cores, and there is another attempt. */
const OWN_MS = MAX_MS / 2;
/** Including the first. */
const ATTEMPTS = 3;
const MAX_PATTERN_LENGTH = 1000;

const SCRIPT = new Script('texts.filter((text) => pattern.test(text))');

/**
 * The texts that match. The whole text must match: inferred, as R4's own regular expressions are meant so (https://hl7.org/fhir/R4/datatypes.html#primitive), and
 * https://hl7.org/fhir/R4/valueset-filter-operator.html does not say it.
 */
export function filterByPattern(texts: readonly string[], source: string): string[] {
  const context = createContext(Object.assign(Object.create(null), { texts, pattern: compilePattern(source) }));
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const before = process.cpuUsage();
    try {
      // a script ends after `timeout`, also within a regular expression
      return [...SCRIPT.runInContext(context, { timeout: MAX_MS })];
    } catch (error) {
      if (readMember(error, 'code') !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
      const { user, system } = process.cpuUsage(before);
      if ((user + system) / 1000 >= OWN_MS) break;
    }
  }
  throw tooCostly(`a regex filter of the value set takes longer than ${MAX_MS} ms: simplify the expression, or list the codes`);
}

function compilePattern(source: string): RegExp {
  if (source.length > MAX_PATTERN_LENGTH) throw tooCostly(`a regex filter may have at most ${MAX_PATTERN_LENGTH} characters`);
  try {
    return new RegExp(`^(?:${source})$`, 'u');
  } catch {
    throw invalid('a regex filter of the value set is not a regular expression');
  }
}
