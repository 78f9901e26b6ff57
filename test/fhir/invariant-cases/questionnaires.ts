// Cases of the constraints of questionnaires and their responses. https://hl7.org/fhir/R4/questionnaire.html
import type { InvariantCases } from './values.ts';

const answerOption = [{ valueString: 'a' }];
const answerValueSet = 'https://example.org/set';
const condition = { question: '1', operator: 'exists', answerBoolean: true };
const one = [{ valueString: 'a' }];
const two = [{ valueString: 'a' }, { valueString: 'b' }];
const ANSWERED_BY_OPTION = ['choice', 'open-choice', 'decimal', 'integer', 'date', 'dateTime', 'time', 'string', 'quantity'];

export const QUESTIONNAIRE_CASES: InvariantCases = {
  'Questionnaire.que-1': {
    type: 'Questionnaire.item',
    keeps: [
      { type: 'group', item: [{ linkId: '1' }] },
      { type: 'display' },
      { type: 'string' },
      { type: 'string', item: [{ linkId: '1' }] },
    ],
    breaks: [{ type: 'group' }, { type: 'display', item: [{ linkId: '1' }] }],
  },
  'Questionnaire.que-2': {
    type: 'Questionnaire',
    keeps: [{ item: [{ linkId: '1', item: [{ linkId: '1.1', item: [{ linkId: '1.1.1' }] }] }, { linkId: '2' }] }, {}],
    breaks: [
      { item: [{ linkId: '1' }, { linkId: '1' }] },
      { item: [{ linkId: '1', item: [{ linkId: '1' }] }] },
      {
        item: [
          { linkId: '1', item: [{ linkId: '3' }] },
          { linkId: '2', item: [{ linkId: '4', item: [{ linkId: '3' }] }] },
        ],
      },
    ],
  },
  'Questionnaire.que-3': {
    type: 'Questionnaire.item',
    keeps: [{ type: 'display' }, { type: 'string', code: [{ code: 'a' }] }],
    breaks: [{ type: 'display', code: [{ code: 'a' }] }],
  },
  'Questionnaire.que-4': {
    type: 'Questionnaire.item',
    keeps: [{ answerOption }, { answerValueSet }, { type: 'choice' }],
    breaks: [{ answerOption, answerValueSet }],
  },
  'Questionnaire.que-5': {
    type: 'Questionnaire.item',
    keeps: [
      ...ANSWERED_BY_OPTION.flatMap((type) => [
        { type, answerOption },
        { type, answerValueSet },
      ]),
      { type: 'boolean' },
    ],
    breaks: [
      { type: 'boolean', answerOption },
      { type: 'boolean', answerValueSet },
    ],
  },
  'Questionnaire.que-6': {
    type: 'Questionnaire.item',
    keeps: [{ type: 'display' }, { type: 'string', required: true, repeats: true }],
    breaks: [
      { type: 'display', required: false },
      { type: 'display', repeats: true },
    ],
  },
  'Questionnaire.que-7': {
    type: 'Questionnaire.item.enableWhen',
    keeps: [
      { operator: 'exists', answerBoolean: true },
      { operator: 'exists', answerBoolean: false },
      { operator: '=', answerString: 'a' },
    ],
    breaks: [
      { operator: 'exists', answerString: 'true' },
      { operator: 'exists', answerCoding: { code: 'a' } },
    ],
  },
  'Questionnaire.que-8': {
    type: 'Questionnaire.item',
    keeps: [{ type: 'group' }, { type: 'display' }, { type: 'string', initial: one }],
    breaks: [
      { type: 'group', initial: one },
      { type: 'display', initial: one },
    ],
  },
  'Questionnaire.que-9': {
    type: 'Questionnaire.item',
    keeps: [{ type: 'display' }, { type: 'string', readOnly: true }],
    breaks: [{ type: 'display', readOnly: false }],
  },
  'Questionnaire.que-10': {
    type: 'Questionnaire.item',
    keeps: [
      ...['boolean', 'decimal', 'integer', 'string', 'text', 'url', 'open-choice'].map((type) => ({ type, maxLength: 5 })),
      { type: 'choice' },
    ],
    breaks: [
      { type: 'choice', maxLength: 5 },
      { type: 'date', maxLength: 5 },
    ],
  },
  'Questionnaire.que-11': {
    type: 'Questionnaire.item',
    keeps: [{ answerOption }, { initial: one }],
    breaks: [{ answerOption, initial: one }],
  },
  'Questionnaire.que-12': {
    type: 'Questionnaire.item',
    keeps: [
      { enableWhen: [condition, condition, condition], enableBehavior: 'all' },
      { enableWhen: [condition, condition] },
      { type: 'string' },
    ],
    breaks: [{ enableWhen: [condition, condition, condition] }],
  },
  'Questionnaire.que-13': {
    type: 'Questionnaire.item',
    keeps: [{ repeats: true, initial: two }, { repeats: false, initial: one }, { initial: one }, { type: 'string' }],
    breaks: [{ repeats: false, initial: two }],
  },
  'QuestionnaireResponse.qrs-1': {
    type: 'QuestionnaireResponse.item',
    keeps: [{ answer: [{ valueBoolean: true }] }, { item: [{ linkId: '1' }] }],
    breaks: [{ answer: [{ valueBoolean: true }], item: [{ linkId: '1' }] }],
  },
};
