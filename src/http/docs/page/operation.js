// One operation: its description, a form to send a request, and its responses.
import { bodyOf } from './body.js';
import { follow, nameOf } from './documents.js';
import { fill, h, prose } from './dom.js';
import { jsonBlock } from './json-text.js';
import { curlOf, requestOf, send } from './request.js';
import { schemaTable } from './schema.js';

/** The page of an operation. `key` returns the API key that the user typed. */
export function operationView(operation, { key }) {
  const { summary, description, method, path } = operation;
  const answer = h('section', { className: 'answer', ariaLive: 'polite' });
  return [
    h('h1', {}, summary),
    h('p', { className: 'route' }, h('span', { className: `method ${method}` }, method.toUpperCase()), h('code', {}, path)),
    description && h('p', {}, prose(description)),
    form(operation, { key, answer }),
    answer,
    bodySection(operation),
    h(
      'section',
      {},
      h('h2', {}, 'Answers'),
      operation.responses.map((one) => answerSection(operation.document, one)),
    ),
  ];
}

function form(operation, { key, answer }) {
  const { parameters, document } = operation;
  const body = bodyOf(operation);
  const servers = serverField(document);
  const button = h('button', { type: 'submit' }, 'Send');
  const read = (element) => requestOf(operation, { server: servers.value, values: valuesOf(element), key: key(), ...body?.sent() });
  const submit = async (event) => {
    event.preventDefault();
    button.disabled = true;
    fill(answer, h('h2', {}, 'Answer'), h('p', { className: 'quiet' }, 'Waiting …'));
    fill(answer, await answered(read(event.target)));
    button.disabled = false;
  };
  const showCurl = (event) => fill(answer, h('h2', {}, 'As a command'), jsonBlock(curlOf(read(event.target.form)), 'The command'));
  return h(
    'form',
    { onsubmit: submit, noValidate: true },
    h('h2', {}, 'Try it'),
    servers.options.length > 1 ? h('label', { className: 'row' }, 'Send to', servers) : h('span', { hidden: true }, servers),
    parameters.length > 0 && parameterTable(parameters),
    body?.shown,
    h('p', { className: 'actions' }, button, h('button', { type: 'button', className: 'second', onclick: showCurl }, 'Show as curl')),
  );
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

const valuesOf = (element) => {
  const values = {};
  for (const input of element.querySelectorAll('[data-in]')) {
    values[input.dataset.in] = { ...values[input.dataset.in], [input.name]: input.value.trim() };
  }
  return values;
};

function parameterTable(parameters) {
  const [usual, rest] = parameters.length > 12 ? [parameters.slice(0, 8), parameters.slice(8)] : [parameters, []];
  return [
    h('div', { className: 'parameters' }, usual.map(parameterRow)),
    rest.length > 0 &&
      h('details', {}, h('summary', {}, `${rest.length} more parameters`), h('div', { className: 'parameters' }, rest.map(parameterRow))),
  ];
}

function parameterRow({ name, in: place, required, description, schema = {}, example, 'x-fhir-search': searches }) {
  const id = `${place}-${name}`;
  const begin = required || place === 'path' ? String(example ?? '') : '';
  const attributes = { id, name, required, placeholder: hintOf(schema, example), autocomplete: 'off', spellcheck: false, value: begin };
  const words = schema.type === 'boolean' ? ['true', 'false'] : schema.enum;
  const field = words
    ? h(
        'select',
        { id, name, value: '' },
        ['', ...words].map((word) => h('option', { value: word }, word || 'any')),
      )
    : h('input', { type: 'text', ...attributes });
  field.dataset.in = place;
  return [
    h('label', { htmlFor: id }, h('code', {}, name), required && h('abbr', { title: 'required' }, '*'), h('small', {}, place)),
    h(
      'div',
      {},
      field,
      h('small', {}, prose(description), searches && [' ', searches.map((text) => [h('code', { className: 'path' }, text), ' '])]),
    ),
  ];
}

function hintOf({ type, minimum, maximum, default: standard }, example) {
  if (type === 'integer')
    return [minimum !== undefined && `${minimum} to ${maximum}`, standard !== undefined && `${standard} if empty`]
      .filter(Boolean)
      .join(', ');
  return example === undefined ? '' : `for example ${example}`;
}

async function answered(request) {
  try {
    const { status, reason, headers, text, took } = await send(request);
    return [
      h('h2', {}, 'Answer'),
      h(
        'p',
        { className: 'status' },
        h('strong', { className: `s${String(status)[0]}` }, `${status} ${reason}`.trim()),
        ` in ${took} ms`,
        h('code', { className: 'path' }, `${request.method} ${request.url}`),
      ),
      h(
        'details',
        {},
        h('summary', {}, `${headers.length} headers`),
        h(
          'table',
          {},
          headers.map(([name, value]) => h('tr', {}, h('th', { scope: 'row' }, name), h('td', {}, value))),
        ),
      ),
      text === '' ? h('p', { className: 'quiet' }, 'No body.') : jsonBlock(text, 'The body of the answer'),
    ];
  } catch {
    return [
      h('h2', {}, 'Answer'),
      h('p', { className: 'status' }, h('strong', { className: 's5' }, 'No answer'), ' The server could not be reached.'),
    ];
  }
}

function bodySection({ requestBody, document }) {
  if (!requestBody) return undefined;
  return h(
    'section',
    {},
    h('h2', {}, 'Body'),
    Object.entries(requestBody.content).map(([media, { schema }]) => [
      h('p', { className: 'quiet' }, media, nameOf(schema) && ` · ${nameOf(schema)}`),
      schemaTable(document, schema),
    ]),
  );
}

function answerSection(document, { status, description, content = {}, headers = {} }) {
  const [[media, { schema, examples = {}, example } = {}] = []] = Object.entries(content);
  const shown = [...Object.values(examples).map((one) => follow(document, one)), ...(example === undefined ? [] : [{ value: example }])];
  const names = Object.keys(headers);
  return h(
    'details',
    { className: 'one' },
    h('summary', {}, h('strong', { className: `s${status[0]}` }, status), ' ', description),
    names.length > 0 &&
      h(
        'p',
        { className: 'quiet' },
        'Headers: ',
        names.map((name) => [h('code', {}, name), ' ']),
      ),
    media && [h('p', { className: 'quiet' }, media, nameOf(schema) && ` · ${nameOf(schema)}`), schemaTable(document, schema)],
    shown.map(({ summary, value }) => [
      summary && h('p', { className: 'label' }, summary),
      jsonBlock(JSON.stringify(value), summary ?? 'Example'),
    ]),
  );
}
