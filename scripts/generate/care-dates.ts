// Makes src/fhir/generated/care-dates.json: the date search parameters that tell when what a resource describes happened, by type.
// https://hl7.org/fhir/R4/fivews.html
import { KNOWN_TYPES } from '../../src/fhir/types.ts';
import { definitionOf } from './definitions.ts';
import { dateParameters } from './search-parameters.ts';

/** What an element with a date means, the most telling first: the beginning, the act, its plan, the time it applies to, and its recording. */
const MEANINGS = ['FiveWs.init', 'FiveWs.done[x]', 'FiveWs.planned', 'FiveWs.context', 'FiveWs.recorded'];

/** The text of care-dates.json: one line per type that has such a parameter. */
export function careDatesFile(): string {
  const lines = KNOWN_TYPES.flatMap((type) => {
    const ranked = dateParameters(type).map(({ code, expression }) => ({ code, rank: rankOf(type, expression) }));
    const codes = ranked.filter(({ rank }) => rank >= 0).sort((a, b) => a.rank - b.rank);
    return codes.length ? [`${JSON.stringify(type)}: ${JSON.stringify(codes.map(({ code }) => code))}`] : [];
  });
  return `{\n${lines.join(',\n')}\n}\n`;
}

/** The place among the meanings of the element that an expression finds. Negative: it has none of them. */
function rankOf(type: string, expression: string): number {
  const path = expression
    .split('|')[0]!
    .replace(/[()\s]/g, '')
    .replace(/\.ofType.*$/, '');
  const element = definitionOf(type).snapshot.element.find((one) => one.path === path || one.path === `${path}[x]`);
  const meanings = (element?.mapping ?? []).filter(({ identity }) => identity === 'w5').map(({ map }) => map);
  return MEANINGS.findIndex((meaning) => meanings.includes(meaning));
}
