// One operation: its description, a form to send a request with its code and response, its body and its responses.
import { bodyOf } from './body.js';
import { follow, nameOf } from './documents.js';
import { h, prose } from './dom.js';
import { jsonBlock } from './json-text.js';
import { onKeyChange } from './keys.js';
import { parameterTable, valuesOf } from './parameters.js';
import { requestOf } from './request.js';
import { schemaTable } from './schema.js';
import { answerPlace, sampleTabs } from './try.js';

/** The page of an operation of a surface. */
export function operationView(surface, operation) {
  const { summary, description, method, path } = operation;
  return [
    h('h1', { tabIndex: -1 }, summary),
    h('p', { className: 'route' }, h('span', { className: `method ${method}` }, method.toUpperCase()), h('code', {}, path)),
    description && h('p', {}, prose(description)),
    tryIt(surface, operation),
    bodySection(operation),
    h(
      'section',
      {},
      h('h2', {}, 'Responses'),
      operation.responses.map((one) => answerSection(operation.document, one)),
    ),
  ];
}

/** The form, and beside it the code of its request and the response. */
function tryIt(surface, operation) {
  const { parameters, document } = operation;
  const body = bodyOf(operation);
  const servers = serverField(document);
  const button = h('button', { type: 'submit' }, 'Send');
  const answer = answerPlace(surface);
  const form = h(
    'form',
    { noValidate: true, className: 'panel' },
    h('h2', {}, 'Try it'),
    servers.options.length > 1 ? h('label', { className: 'row' }, 'Send to', servers) : h('span', { hidden: true }, servers),
    parameters.length > 0 && parameterTable(parameters),
    body?.shown,
    h('p', { className: 'actions' }, button),
  );
  const read = () => requestOf(operation, { server: servers.value, values: valuesOf(form), ...body?.sent() });
  const samples = sampleTabs(surface, read);
  for (const event of ['input', 'change']) form.addEventListener(event, samples.refresh);
  onKeyChange(samples.refresh);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    button.disabled = true;
    await answer.show(read());
    button.disabled = false;
  });
  return h('div', { className: 'try' }, form, h('div', {}, samples.element, answer.element));
}

const serverField = ({ servers }) =>
  h(
    'select',
    { ariaLabel: 'Send to' },
    servers.map(({ url, description }) => {
      const { pathname } = new URL(url, location.href);
      const path = pathname.replace(/\/$/, '');
      return h('option', { value: path }, `${path || '/'}   ${description ?? ''}`);
    }),
  );

function bodySection({ requestBody, document }) {
  if (!requestBody) return undefined;
  return h(
    'section',
    {},
    h('h2', {}, 'Body'),
    requestBody.description && h('p', {}, prose(requestBody.description)),
    Object.entries(requestBody.content).map(([media, { schema }]) => [
      h('p', { className: 'quiet' }, media, nameOf(schema) && ` · ${nameOf(schema)}`),
      schemaTable(document, schema),
    ]),
  );
}

/** The content is built when it is opened: an operation has a dozen responses, and most readers open one. */
function answerSection(document, response) {
  const { status, description } = response;
  const element = h(
    'details',
    { className: 'one', open: status[0] === '2' },
    h('summary', {}, h('strong', { className: `s${status[0]}` }, status), ' ', description),
  );
  const fillOnce = () => element.open && element.children.length === 1 && element.append(...answerContent(document, response));
  element.addEventListener('toggle', fillOnce);
  fillOnce();
  return element;
}

function answerContent(document, { content = {}, headers = {} }) {
  const [[media, { schema, examples = {}, example } = {}] = []] = Object.entries(content);
  const shown = [...Object.values(examples).map((one) => follow(document, one)), ...(example === undefined ? [] : [{ value: example }])];
  const names = Object.keys(headers);
  return [
    names.length > 0 &&
      h(
        'p',
        { className: 'quiet' },
        'Headers: ',
        names.map((name) => [h('code', {}, name), ' ']),
      ),
    media && h('p', { className: 'quiet' }, media, nameOf(schema) && ` · ${nameOf(schema)}`),
    media && schemaTable(document, schema),
    ...shown.slice(0, 1).flatMap(exampleBlock),
    shown.length > 1 &&
      h(
        'details',
        {},
        h('summary', {}, `${shown.length - 1} more ${shown.length === 2 ? 'example' : 'examples'}`),
        shown.slice(1).map(exampleBlock),
      ),
  ].filter(Boolean);
}

const exampleBlock = ({ summary, value }) => [
  summary && h('p', { className: 'label' }, summary),
  jsonBlock(JSON.stringify(value), summary ?? 'Example'),
];
