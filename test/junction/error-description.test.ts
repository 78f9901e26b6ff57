// Why something was refused, as it may stand in a Task and in a log: elements, rules and subjects in our own words, and nothing that the other side wrote.

import { describeError } from '../../src/junction/error-description.ts';
import fc from '../fast-check.ts';

test.each([
  [
    'a list of elements and rules',
    422,
    { detail: [{ loc: ['body', 'patient_details', 'phone_number'], type: 'value_error', msg: 'no' }] },
    '422 patient_details.phone_number: value_error',
  ],
  [
    'a place in a list',
    422,
    { detail: [{ loc: ['body', 'aoe_answers', 0, 'answer'], type: 'missing' }] },
    '422 aoe_answers.0.answer: missing',
  ],
  [
    'a rule that nobody knows',
    422,
    { detail: [{ loc: ['body', 'patient_details'], type: 'lovelace', msg: 'Phone is wrong' }] },
    '422 patient_details: phone number',
  ],
  ['a text', 400, { detail: 'Lab test not found.' }, '400 lab test, not found'],
  ['a message', 400, { error: 'bad_request', message: 'The order cannot be cancelled.', status_code: 400 }, '400 cancelling'],
  ['an object', 400, { detail: { error_type: 'INVALID_REQUEST', error_message: 'User limit reached.' } }, '400 user, limit'],
  ['the same thing twice', 400, { detail: [{ msg: 'phone' }, { msg: 'Phone' }] }, '400 phone number'],
  [
    'a text about nothing that is known: its plain words',
    400,
    { detail: 'This order type is not available for Lovelace, Ada in Albany (12207) at the selected laboratory' },
    '400 text with: this order type is not available for at the selected laboratory',
  ],
  ['nothing that is known', 400, { detail: 'Lovelace?' }, '400 text without known words'],
  ['no text', 400, { detail: 7 }, '400'],
  ['no JSON', 500, undefined, '500'],
])('%s', (_title, status, body, reason) => {
  expect(describeError(status, body)).toBe(reason);
});

const SENT = ['Ada', 'Lovelace', '1985-12-10', '+15184731122', 'ada@example.com', '1 Main St', 'Albany', 'NY', '12207'];
/** The same values, as another system might write them. */
const REWRITTEN = [
  'LOVELACE',
  'A. Lovelace',
  '10 Dec 1985',
  '12/10/1985',
  '(518) 473-1122',
  'New York',
  '1 MAIN STREET',
  '12207-0000',
  'ADA@EXAMPLE.COM',
];

test('no description contains a sent value in any form', () => {
  for (const value of [...SENT, ...REWRITTEN]) {
    for (const body of [
      { detail: `No lab serves ${value} there` },
      { message: value },
      {
        detail: [
          { loc: ['body', 'patient_details', value], type: value, msg: `${value} is not valid`, input: value, ctx: { given: value } },
        ],
      },
    ])
      expect(describeError(400, body)).not.toContain(value);
  }
});

/** All that a reason may be made of besides names of elements. */
const OWN = /^4\d\d(?: [a-z0-9_.]*(?:: )?[a-zA-Z0-9_ ,;:.-]*)?$/;

test('every description consists of known words', () => {
  const known = (text: string) => describeError(400, { detail: text });
  fc.assert(
    fc.property(fc.anything(), fc.string(), (body, text) => {
      expect(describeError(400, body)).toMatch(OWN);
      expect(known(`${text} phone`)).toContain('phone number');
      expect(known(text.replace(/[a-z]/gi, '7'))).toBe('400 text without known words');
    }),
  );
});
