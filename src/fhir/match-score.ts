// The score of a possible match: the sum of the weights of all rules, as a probability. https://hl7.org/fhir/R4/patient-operation-match.html
import { MATCH_RULES } from './match-rules.ts';
import type { Resource } from './types.ts';

/** https://hl7.org/fhir/R4/valueset-match-grade.html */
type MatchGrade = 'certain' | 'probable' | 'possible' | 'certainly-not';

/** One rule for which both patients have values. */
interface Finding {
  rule: string;
  level: string;
  weight: number;
}

export interface MatchScore {
  /** From 0 to 1, with four decimals. */
  score: number;
  grade: MatchGrade;
  findings: Finding[];
}

/** Before any comparison: one of 4,096 patients is the same person. */
const PRIOR = -12;

/** The least score of each grade. */
const GRADES: readonly (readonly [MatchGrade, number])[] = [
  ['certain', 0.99],
  ['probable', 0.8],
  ['possible', 0.1],
  ['certainly-not', 0],
];

/** Compares two patients. The same patients always have the same score. */
export const scoreMatch = (sent: Resource, stored: Resource): MatchScore => buildMatchScorer(sent)(stored);

/** Compares stored patients with the sent patient, which is read once. */
export function buildMatchScorer(sent: Resource): (stored: Resource) => MatchScore {
  const sentValues = MATCH_RULES.map(({ read }) => read(sent));
  return (stored) => scoreValues(sentValues, stored);
}

/** `sentValues`: those of each rule. */
function scoreValues(sentValues: readonly string[][], stored: Resource): MatchScore {
  const findings = MATCH_RULES.flatMap(({ name: rule, read, levels, differs }, at): Finding[] => {
    const [own, others] = [sentValues[at]!, read(stored)];
    if (!own.length || !others.length) return [];
    const level = levels.find(({ agrees }) => own.some((a) => others.some((b) => agrees(a, b))));
    return [{ rule, level: level?.name ?? 'differs', weight: level?.weight ?? differs }];
  });
  const sum = findings.reduce((total, { weight }) => total + weight, PRIOR);
  const score = Math.round(10_000 / (1 + 2 ** -sum)) / 10_000;
  // the last grade has the least score 0
  const [grade] = GRADES.find(([, least]) => score >= least)!;
  return { score, grade, findings };
}

/** The findings without values, because a value is PHI: `birth date: equal (+8)`. */
export const explainFindings = (findings: readonly Finding[]): string =>
  findings.map(({ rule, level, weight }) => `${rule}: ${level} (${weight < 0 ? '' : '+'}${weight})`).join(', ');
