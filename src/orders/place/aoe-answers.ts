// What the laboratory asks of an order before it takes it (ask on order entry), answered by a QuestionnaireResponse: `linkId` names the network's marker and
// its question, `173.1234567890251`. https://docs.junction.com/lab/workflow/aoe, https://hl7.org/fhir/R4/questionnaireresponse.html
import { stringifyJson } from '../../fhir/json.ts';
import type { Resource } from '../../fhir/types.ts';
import { combineResults, invalid, type ValidationResult } from './validation-result.ts';

export interface AoeAnswer {
  markerId: number;
  questionId: number;
  answer: string;
}

interface ResponseItem {
  linkId: string;
  item?: ResponseItem[];
  answer?: (Record<string, unknown> & { item?: ResponseItem[] })[];
}

const LINK_ID = /^(\d{1,15})\.(\d{1,15})$/;
const FINISHED_STATUSES = new Set(['completed', 'amended']);
const FULL_DATE = /^\d{4}-\d\d-\d\d$/;

/** Kind of value → the network's spelling of it; undefined: there is none. A choice is told by its code, a date as in the network's own sample. */
const ANSWER_FORMATS: Record<string, (value: unknown) => string | undefined> = {
  valueCoding: (value) => (value as { code?: string }).code,
  valueString: (value) => value as string,
  valueInteger: stringifyJson,
  valueDecimal: stringifyJson,
  valueDate: (value) => (FULL_DATE.test(value as string) ? (value as string).replaceAll('-', '') : undefined),
};

/** `at`: what leads to it in the request. */
export function parseAoeAnswers(response: Resource, at: string): ValidationResult<AoeAnswer[]> {
  if (!FINISHED_STATUSES.has(response.status as string))
    return invalid('the answers of an order must be completed', at, 'QuestionnaireResponse.status');
  return combineResults(listItems(response, 'QuestionnaireResponse').map(([path, item]) => parseAnswer(item, [at, path])));
}

/** All items at any depth, those below an answer too. */
function listItems({ item = [] }: { item?: ResponseItem[] } | Resource, path: string): [path: string, item: ResponseItem][] {
  return (item as ResponseItem[]).flatMap((one, nth) => {
    const here = `${path}.item[${nth}]`;
    const below = (one.answer ?? []).flatMap((answer, at) => listItems(answer, `${here}.answer[${at}]`));
    return [[here, one] as [string, ResponseItem], ...listItems(one, here), ...below];
  });
}

function parseAnswer({ linkId, answer = [] }: ResponseItem, [at, path]: [string, string]): ValidationResult<AoeAnswer[]> {
  if (answer.length === 0) return { value: [] };
  const [, marker, question] = LINK_ID.exec(linkId) ?? [];
  if (marker === undefined)
    return invalid('an answer of an order names its marker and its question: 173.1234567890251', at, `${path}.linkId`);
  // how several answers to one question are written is told nowhere
  if (answer.length > 1) return invalid('a question of an order has one answer', at, `${path}.answer`);
  const [kind, value] = Object.entries(answer[0]!).find(([name]) => name.startsWith('value')) ?? [''];
  const text = ANSWER_FORMATS[kind]?.(value);
  if (!text) return invalid('an answer of an order is a coding with a code, a text, a number or a whole date', at, `${path}.answer[0]`);
  return { value: [{ markerId: Number(marker), questionId: Number(question), answer: text }] };
}
