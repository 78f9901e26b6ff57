// The body of a request: a text field, and the examples in the OpenAPI document by media type.
import { follow } from './documents.js';
import { h } from './dom.js';

/** The choices of a body: one for each example of each media type. Media types with a star are left out, because their content may be binary. */
function choicesOf({ requestBody, document }) {
  const kinds = Object.entries(requestBody.content).filter(([media]) => !media.includes('*'));
  return kinds.flatMap(([media, { examples = {} }]) => {
    const shown = Object.values(examples).map((one) => follow(document, one));
    const own = shown.length ? shown : [{ summary: 'no example' }];
    return own.map(({ summary, value, 'x-documented': documented }) => ({
      media,
      say: [documented && 'The vendor’s example', summary, kinds.length > 1 && media].filter(Boolean).join(' · '),
      text: textOf(media, value),
    }));
  });
}

function textOf(media, value) {
  if (value === undefined) return '';
  return media === 'application/x-www-form-urlencoded' ? String(new URLSearchParams(value)) : JSON.stringify(value, null, 2);
}

/** The field with a choice of examples, and `sent` to read it. Undefined: the request has no body. */
export function bodyOf(operation) {
  if (!operation.requestBody) return undefined;
  const choices = choicesOf(operation);
  const field = h('textarea', { id: 'body', ariaLabel: 'Body', spellcheck: false });
  const write = ({ text }) => Object.assign(field, { value: text, rows: Math.min(24, Math.max(4, text.split('\n').length + 1)) });
  const chosen = h(
    'select',
    { ariaLabel: 'Example', onchange: () => write(choices[chosen.selectedIndex]) },
    choices.map(({ say }) => h('option', {}, say)),
  );
  write(choices[0]);
  const above = choices.length > 1 ? h('label', { className: 'row' }, 'Body', chosen) : h('p', { className: 'label' }, 'Body');
  return {
    shown: h('div', { className: 'body' }, above, field),
    sent: () => ({ body: field.value, media: choices[chosen.selectedIndex].media }),
  };
}
