// Answers to the laboratory's questions about an order ("ask on order entry"), from a QuestionnaireResponse. `linkId` is the lab network's marker id and
// question id: `173.1234567890251`. https://docs.junction.com/lab/workflow/aoe, https://hl7.org/fhir/R4/questionnaireresponse.html
import type { QuestionnaireResponseItem, QuestionnaireResponseItemAnswer } from '@medplum/fhirtypes';
import { stringifyJson } from '../../fhir/json.ts';
import { toTyped } from '../../fhir/typed-resource.ts';
import type { Resource } from '../../fhir/types.ts';
import { combineResults, invalid, type ValidationResult } from './validation-result.ts';

export interface AoeAnswer {
  markerId: number;
  questionId: number;
  answer: string;
}

/** Junction documents one code as the answer to a question, also of the type `multi_choice`, and neither a separator nor repeated questions. */
export const ONE_ANSWER_TEXT =
  'a question of an order can have only one answer: the lab network does not document how several answers to one question are sent; give the most important one, and write the others in a note';

const LINK_ID = /^(\d{1,15})\.(\d{1,15})$/;
const FINISHED_STATUSES = new Set<unknown>(['completed', 'amended']);
const FULL_DATE = /^\d{4}-\d\d-\d\d$/;

/** The lab network's format of an answer: the code of a choice; a date as YYYYMMDD, as in its documentation. Undefined: the answer has no such format. */
function formatAnswer(answer: QuestionnaireResponseItemAnswer): string | undefined {
  const { valueCoding, valueString, valueInteger, valueDecimal, valueDate } = answer;
  if (valueCoding) return valueCoding.code;
  if (valueString !== undefined) return valueString;
  const number = valueInteger ?? valueDecimal;
  if (number !== undefined) return stringifyJson(number);
  return valueDate !== undefined && FULL_DATE.test(valueDate) ? valueDate.replaceAll('-', '') : undefined;
}

/** `at`: the path of the reference in the request. */
export function parseAoeAnswers(response: Resource, at: string): ValidationResult<AoeAnswer[]> {
  if (!FINISHED_STATUSES.has(response.status))
    return invalid('the QuestionnaireResponse of an order must be completed or amended', at, 'QuestionnaireResponse.status');
  return combineResults(
    listItems(toTyped('QuestionnaireResponse', response).item, 'QuestionnaireResponse').map(([path, item]) =>
      parseAnswer(item, [at, path]),
    ),
  );
}

/** All items at any depth, including those below an answer. */
function listItems(items: QuestionnaireResponseItem[] = [], path: string): [path: string, item: QuestionnaireResponseItem][] {
  return items.flatMap((item, nth) => {
    const itemPath = `${path}.item[${nth}]`;
    const below = (item.answer ?? []).flatMap((answer, at) => listItems(answer.item, `${itemPath}.answer[${at}]`));
    const self: [string, QuestionnaireResponseItem] = [itemPath, item];
    return [self, ...listItems(item.item, itemPath), ...below];
  });
}

function parseAnswer({ linkId, answer = [] }: QuestionnaireResponseItem, [at, path]: [string, string]): ValidationResult<AoeAnswer[]> {
  if (answer.length === 0) return { value: [] };
  const [, marker, question] = LINK_ID.exec(linkId ?? '') ?? [];
  if (marker === undefined) return invalid('linkId must be the marker id and the question id: 173.1234567890251', at, `${path}.linkId`);
  if (answer.length > 1) return invalid(ONE_ANSWER_TEXT, at, `${path}.answer`);
  const text = formatAnswer(answer[0]!);
  if (!text) return invalid('an answer of an order must be a coding with a code, a text, a number or a full date', at, `${path}.answer[0]`);
  return { value: [{ markerId: Number(marker), questionId: Number(question), answer: text }] };
}
