// $match: the stored patients that may be the person of a sent patient. https://hl7.org/fhir/R4/patient-operation-match.html
import { listObjects } from '../fhir/json-values.ts';
import { buildMatchScorer, type MatchScore } from '../fhir/match-score.ts';
import { listMatchSearches, MATCH_INPUT } from '../fhir/match-searches.ts';
import { invalid } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import { parseBody, type ResourceRow } from '../store/resources/resource-row.ts';
import { findMatches } from './conditional-match.ts';
import type { Context } from './context.ts';

/** `count`: the most matches. `onlyCertain`: one certain match, or none. */
interface MatchRequest {
  patient: Resource;
  count: number;
  onlyCertain: boolean;
}

export interface PatientMatch extends MatchScore {
  row: ResourceRow;
}

/** `isCut`: a search found more candidates than are compared. `certain`: how many matches are certain. */
interface MatchResult {
  matches: PatientMatch[];
  isCut: boolean;
  certain: number;
}

/** The most candidates of one search. */
const MAX_CANDIDATES = 200;

/** The most likely match first; of equal scores the one with the lesser id, so that the order never changes. */
export async function matchPatients(context: Context, { patient, count, onlyCertain }: MatchRequest): Promise<MatchResult> {
  const { candidates, isCut } = await findCandidates(context, patient);
  const score = buildMatchScorer(patient);
  const scored = candidates
    .map((row): PatientMatch => ({ row, ...score(parseBody(row.body!)) }))
    .filter(({ grade }) => grade !== 'certainly-not')
    .sort((a, b) => b.score - a.score || (a.row.id < b.row.id ? -1 : 1));
  const certain = scored.filter(({ grade }) => grade === 'certain');
  // "If there are multiple potential matches, then the match should not return the results with this flag set to true."
  const matches = onlyCertain ? (certain.length === 1 ? certain : []) : scored.slice(0, count);
  return { matches, isCut, certain: certain.length };
}

async function findCandidates(context: Context, patient: Resource): Promise<{ candidates: ResourceRow[]; isCut: boolean }> {
  const searches = listMatchSearches(patient);
  if (!searches.length) throw invalid(`$match needs more of the patient: ${MATCH_INPUT}`, 'Patient');
  const candidates = new Map<string, ResourceRow>();
  let isCut = false;
  for (const search of searches) {
    const rows = await findMatches(context, 'Patient', { criteria: new URLSearchParams(search).toString(), count: MAX_CANDIDATES });
    isCut ||= rows.length === MAX_CANDIDATES;
    for (const row of rows) if (!wasReplaced(row)) candidates.set(row.id, row);
  }
  return { candidates: [...candidates.values()], isCut };
}

/** A patient that was merged into another is not a match: the other has its identifiers. */
const wasReplaced = ({ body }: ResourceRow): boolean =>
  body!.includes('"replaced-by"') && listObjects(parseBody(body!).link).some(({ type }) => type === 'replaced-by');
