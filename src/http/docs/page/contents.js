// The list of operations of an API: at the side, and on its first page.
import { h, prose } from './dom.js';

/** The address of an API or of one of its operations in this page. */
export const link = (surface, operation) => `#/${encodeURIComponent(surface)}${operation ? `/${encodeURIComponent(operation)}` : ''}`;

/** With more groups, only the group of the current operation is open; without one, the first two. */
const MAX_OPEN = 8;

const groupByTag = (operations) => [...Map.groupBy(operations, ({ tags }) => tags[0])];
const method = (operation) => h('span', { className: `method ${operation.method}` }, operation.method.toUpperCase());

/** A group whose list is built when it is opened: the FHIR API has thousands of operations. */
function lazyDetails({ open, summary, build }) {
  const element = h('details', { open }, summary);
  const fillOnce = () => element.open && element.children.length === 1 && element.append(build());
  element.addEventListener('toggle', fillOnce);
  fillOnce();
  return element;
}

/** The operations at the side that contain a text. */
export function operationList({ name, content, operations }, { current, wanted }) {
  const found = operations.filter((one) => `${one.method} ${one.path} ${one.summary}`.toLowerCase().includes(wanted));
  const groups = groupByTag(found);
  const isOpen = (own, at) =>
    groups.length <= MAX_OPEN || own.includes(current) || (current === undefined && at < 2) || (wanted !== '' && found.length <= 200);
  if (groups.length === 0) return h('p', { className: 'quiet' }, 'No operation contains this text.');
  return groups.map(([tag, own], at) =>
    lazyDetails({
      open: isOpen(own, at),
      summary: h('summary', { title: content.tags?.find((one) => one.name === tag)?.description }, tag),
      build: () =>
        h(
          'ul',
          {},
          own.map((operation) => h('li', {}, entry(name, operation, operation === current))),
        ),
    }),
  );
}

const entry = (surface, operation, isCurrent) =>
  h(
    'a',
    { href: link(surface, operation.operationId), ariaCurrent: isCurrent ? 'page' : undefined },
    method(operation),
    h('span', {}, operation.summary),
  );

/** The first page of an API. */
export function overview({ name, content, operations }) {
  const { title, version, description } = content.info;
  const groups = groupByTag(operations);
  return [
    h('h1', { tabIndex: -1 }, title),
    h('p', { className: 'lead' }, prose(description)),
    h(
      'p',
      { className: 'quiet' },
      `Version ${version}. The document for tools: `,
      h('a', { href: `openapi/${name}.json` }, `/openapi/${name}.json`),
      content.externalDocs && ['. ', h('a', { href: content.externalDocs.url, rel: 'noreferrer' }, content.externalDocs.description)],
      '.',
    ),
    groups.map(([tag, own]) =>
      group(name, { tag, own, about: content.tags?.find((one) => one.name === tag)?.description }, groups.length > 20),
    ),
  ];
}

function group(surface, { tag, own, about }, isFolded) {
  const list = () =>
    h(
      'ul',
      { className: 'plain' },
      own.map((operation) =>
        h(
          'li',
          {},
          h(
            'a',
            { href: link(surface, operation.operationId) },
            method(operation),
            h('code', {}, operation.path),
            h('span', {}, operation.summary),
          ),
        ),
      ),
    );
  if (isFolded) return lazyDetails({ open: false, summary: h('summary', {}, `${tag} (${own.length})`), build: list });
  return h('section', {}, h('h2', {}, tag), about && h('p', {}, prose(about)), list());
}
