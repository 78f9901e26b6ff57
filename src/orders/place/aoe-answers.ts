// What the laboratory asks of an order before it takes it (ask on order entry), answered by a QuestionnaireResponse: `linkId` names the network's marker and
// its question, `173.1234567890251`. https://docs.junction.com/lab/workflow/aoe, https://hl7.org/fhir/R4/questionnaireresponse.html
import { stringify } from '../../fhir/json.ts';
import type { Resource } from '../../fhir/types.ts';
import { type Said, together, wrong } from './validation-result.ts';

export interface AoeAnswer {
  markerId: number;
  questionId: number;
  answer: string;
}

interface Item {
  linkId: string;
  item?: Item[];
  answer?: (Record<string, unknown> & { item?: Item[] })[];
}

const LINK = /^(\d{1,15})\.(\d{1,15})$/;
const DONE = new Set(['completed', 'amended']);
const A_DATE = /^\d{4}-\d\d-\d\d$/;

/** Kind of value → the network's spelling of it; undefined: there is none. A choice is told by its code, a date as in the network's own sample. */
const SPELLINGS: Record<string, (value: unknown) => string | undefined> = {
  valueCoding: (value) => (value as { code?: string }).code,
  valueString: (value) => value as string,
  valueInteger: stringify,
  valueDecimal: stringify,
  valueDate: (value) => (A_DATE.test(value as string) ? (value as string).replaceAll('-', '') : undefined),
};

/** `at`: what leads to it in the request. */
export function aoeAnswers(response: Resource, at: string): Said<AoeAnswer[]> {
  if (!DONE.has(response.status as string)) return wrong('the answers of an order must be completed', at, 'QuestionnaireResponse.status');
  return together(itemsIn(response, 'QuestionnaireResponse').map(([path, item]) => answerOf(item, [at, path])));
}

/** All items at any depth, those below an answer too. */
function itemsIn({ item = [] }: { item?: Item[] } | Resource, path: string): [path: string, item: Item][] {
  return (item as Item[]).flatMap((one, nth) => {
    const here = `${path}.item[${nth}]`;
    const below = (one.answer ?? []).flatMap((answer, at) => itemsIn(answer, `${here}.answer[${at}]`));
    return [[here, one] as [string, Item], ...itemsIn(one, here), ...below];
  });
}

function answerOf({ linkId, answer = [] }: Item, [at, path]: [string, string]): Said<AoeAnswer[]> {
  if (answer.length === 0) return { says: [] };
  const [, marker, question] = LINK.exec(linkId) ?? [];
  if (marker === undefined)
    return wrong('an answer of an order names its marker and its question: 173.1234567890251', at, `${path}.linkId`);
  // how several answers to one question are written is told nowhere
  if (answer.length > 1) return wrong('a question of an order has one answer', at, `${path}.answer`);
  const [kind, value] = Object.entries(answer[0]!).find(([name]) => name.startsWith('value')) ?? [''];
  const text = SPELLINGS[kind]?.(value);
  if (!text) return wrong('an answer of an order is a coding with a code, a text, a number or a whole date', at, `${path}.answer[0]`);
  return { says: [{ markerId: Number(marker), questionId: Number(question), answer: text }] };
}
