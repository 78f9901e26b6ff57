// The whole page. The surface and the operation are in the address after #. The API key is stored only in this page's memory.
import { documentOf, index } from './documents.js';
import { fill, h, prose } from './dom.js';
import { operationView } from './operation.js';

const at = (id) => document.getElementById(id);
/** Surface → the API key that the user typed. */
const keys = new Map();
let documents = [];

/** `#/loop/create-patient` → surface and operation. */
function place() {
  const [, surface, operation] = location.hash.split('/').map(decodeURIComponent);
  return { surface: documents.some(({ name }) => name === surface) ? surface : documents[0].name, operation };
}

const link = (surface, operation) => `#/${encodeURIComponent(surface)}${operation ? `/${encodeURIComponent(operation)}` : ''}`;

async function show() {
  const { surface, operation } = place();
  const loaded = await documentOf(surface);
  const one = loaded.operations.find(({ operationId }) => operationId === operation);
  document.title = `${one ? one.summary : loaded.content.info.title} · Facet`;
  at('key').value = keys.get(surface) ?? '';
  fill(
    at('surfaces'),
    documents.map(({ name, title }) => h('a', { href: link(name), ariaCurrent: name === surface ? 'page' : undefined }, title)),
  );
  list(loaded, one);
  fill(at('content'), one ? operationView(one, { key: () => keys.get(surface) ?? '' }) : overview(loaded));
  at('content').scrollTop = 0;
}

function list({ name, content, operations }, current) {
  const wanted = at('find').value.trim().toLowerCase();
  const found = operations.filter(({ summary, path, method }) => `${method} ${path} ${summary}`.toLowerCase().includes(wanted));
  const groups = Map.groupBy(found, ({ tags }) => tags[0]);
  const isLong = groups.size > 8;
  fill(
    at('operations'),
    [...groups].map(([tag, own]) =>
      h(
        'details',
        { open: !isLong || wanted !== '' || own.includes(current) },
        h('summary', { title: content.tags?.find((one) => one.name === tag)?.description }, tag),
        h(
          'ul',
          {},
          own.map((operation) => h('li', {}, entry(name, operation, operation === current))),
        ),
      ),
    ),
    found.length === 0 && h('p', { className: 'quiet' }, 'Nothing like that.'),
  );
}

const entry = (surface, { operationId, summary, method }, isCurrent) =>
  h(
    'a',
    { href: link(surface, operationId), ariaCurrent: isCurrent ? 'page' : undefined },
    h('span', { className: `method ${method}` }, method.toUpperCase()),
    summary,
  );

function overview({ name, content, operations }) {
  const { title, version, description } = content.info;
  return [
    h('h1', {}, title),
    h('p', { className: 'lead' }, prose(description)),
    h(
      'p',
      { className: 'quiet' },
      `Version ${version}. The document for tools: `,
      h('a', { href: `openapi/${name}.json` }, `/openapi/${name}.json`),
      content.externalDocs && ['. ', h('a', { href: content.externalDocs.url, rel: 'noreferrer' }, content.externalDocs.description)],
      '.',
    ),
    [...Map.groupBy(operations, ({ tags }) => tags[0])].map(([tag, own]) =>
      group(name, { tag, own, about: content.tags?.find((one) => one.name === tag)?.description }),
    ),
  ];
}

const group = (surface, { tag, own, about }) =>
  h(
    'section',
    {},
    h('h2', {}, tag),
    about && h('p', {}, prose(about)),
    h(
      'ul',
      { className: 'plain' },
      own.map(({ operationId, summary, method, path }) =>
        h(
          'li',
          {},
          h(
            'a',
            { href: link(surface, operationId) },
            h('span', { className: `method ${method}` }, method.toUpperCase()),
            h('code', {}, path),
            h('span', {}, summary),
          ),
        ),
      ),
    ),
  );

async function start() {
  documents = await index();
  at('key').addEventListener('input', (event) => keys.set(place().surface, event.target.value.trim()));
  at('find').addEventListener('input', async () => {
    const { surface, operation } = place();
    const loaded = await documentOf(surface);
    list(
      loaded,
      loaded.operations.find(({ operationId }) => operationId === operation),
    );
  });
  addEventListener('hashchange', show);
  await show();
}

start().catch(() =>
  fill(at('content'), h('h1', {}, 'Nothing to show'), h('p', {}, 'The documents could not be read. Is the server running?')),
);
