// The guides that lead: a quick start, and authentication. Requests and titles come from the OpenAPI documents.
import { link } from './contents.js';
import { documentOf } from './documents.js';
import { fill, h, prose } from './dom.js';
import { listTenants, onKeyChange } from './keys.js';
import { requestOf } from './request.js';
import { tabList } from './tabs.js';
import { answerPlace, sampleTabs } from './try.js';

const FHIR = 'fhir';
/** APIs about the installation, not about patients. */
const OTHERS = ['admin', 'console'];
const listVendors = (documents) => documents.filter(({ name }) => name !== FHIR && !OTHERS.includes(name));

export const GUIDES = [
  { id: 'quick-start', title: 'Quick start', build: quickStart },
  { id: 'authentication', title: 'Authentication', build: authentication },
];

async function quickStart(documents) {
  const vendors = listVendors(documents);
  return [
    h('h1', { tabIndex: -1 }, 'Quick start'),
    h(
      'p',
      { className: 'lead' },
      `One store of FHIR R4 resources, and ${vendors.length + 1} APIs that show them: FHIR itself, and the documented JSON of ${vendors.map(({ title }) => title).join(', ')}. What one API writes, all others read at once.`,
    ),
    step(1, 'Have a key', keyStep()),
    step(2, 'Read patients through FHIR', [
      h('p', {}, 'The FHIR API is below ', h('code', {}, '/fhir/R4'), '.'),
      requestPanel(FHIR, readPatients),
    ]),
    step(3, 'Read the same patients as another API shows them', [
      h('p', {}, 'The paths, the fields and the errors are those of the vendor’s documents. Each field says where it is in FHIR.'),
      tabList(
        'API',
        vendors.map(({ name, title }) => ({ name: title, show: () => vendorPanel(name) })),
      ).element,
    ]),
    step(4, 'Go on', h('ul', {}, await nextLinks(vendors))),
  ];
}

const step = (number, title, content) =>
  h('section', { className: 'step' }, h('h2', {}, h('span', { className: 'number' }, String(number)), title), content);

function keyStep() {
  if (listTenants().length > 0)
    return h(
      'p',
      {},
      `This is a development server. The keys of its tenants ${listTenants().join(' and ')} are offered at the top of this page, and the first one is chosen: every request below works as it is.`,
    );
  return h(
    'p',
    {},
    'Enter a key at the top of this page. It stays in this page. ',
    h('a', { href: '#authentication' }, 'How to get a key'),
    '.',
  );
}

const readPatients = () =>
  requestOf(
    { method: 'get', path: '/Patient', document: { components: { securitySchemes: { key: { type: 'http' } } } } },
    { server: new URL('fhir/R4', document.baseURI).pathname, values: { query: { _count: '5' } } },
  );

/** The code of a request, its button, and the response. */
function requestPanel(surface, read) {
  const answer = answerPlace(surface);
  const samples = sampleTabs(surface, read);
  onKeyChange(samples.refresh);
  const button = h('button', { type: 'button', onclick: () => answer.show(read()) }, 'Send');
  return h('div', { className: 'panel' }, samples.element, h('p', { className: 'actions' }, button), answer.element);
}

/** The list of patients of an API, or its first list. It is read when its tab is opened. */
function vendorPanel(name) {
  const place = h('div', {}, h('p', { className: 'quiet' }, 'Reading the document …'));
  documentOf(name).then(({ operations }) => {
    const lists = operations.filter(({ method, path }) => method === 'get' && !path.includes('{'));
    const operation = lists.find(({ path }) => path.endsWith('/patients')) ?? lists[0];
    if (!operation) return fill(place, h('p', {}, 'This API has no list.'));
    return fill(
      place,
      h('p', {}, h('a', { href: link(name, operation.operationId) }, operation.summary), ' shows all parameters and fields.'),
      requestPanel(name, () => requestOf(operation, { server: serverOf(operation), values: neededValues(operation) })),
    );
  });
  return place;
}

/** The path that only this API has, where its document names one: other APIs may have the documented path, too. */
const serverOf = ({ document: { servers } }) => new URL((servers[1] ?? servers[0]).url, location.href).pathname.replace(/\/$/, '');

const neededValues = ({ parameters }) => {
  const needed = parameters.filter(({ required }) => required);
  return {
    query: Object.fromEntries(
      needed.filter(({ in: place }) => place === 'query').map(({ name, example }) => [name, String(example ?? '')]),
    ),
  };
};

async function nextLinks(vendors) {
  const [first] = vendors;
  const { operations } = first ? await documentOf(first.name) : { operations: [] };
  const creates = operations.filter(({ method, path }) => method === 'post' && !path.includes('{')).slice(0, 2);
  const item = (href, text, more) => h('li', {}, h('a', { href }, text), more);
  return [
    ...creates.map(({ operationId, summary }) =>
      item(link(first.name, operationId), summary, ` (${first.title}): the example is filled in`),
    ),
    item(link(FHIR, 'search-ServiceRequest'), 'Search ServiceRequest', ' (FHIR): the orders of every API'),
    item('#authentication', 'Authentication', ': keys, scopes, access tokens, errors'),
    item('openapi', 'The OpenAPI documents', ', for tools'),
  ];
}

async function authentication(documents) {
  return [
    h('h1', { tabIndex: -1 }, 'Authentication'),
    h('p', { className: 'lead' }, 'Every request carries a key in a header. A key belongs to one tenant and opens one API.'),
    h('h2', {}, 'Send a key'),
    headerTable(documents),
    h('h2', {}, 'Get a key'),
    h('p', {}, listTenants().length > 0 ? DEVELOPMENT_KEYS : ASK_FOR_KEYS),
    h(
      'pre',
      { tabIndex: 0, ariaLabel: 'The command that creates a key' },
      'npx facet keys create --tenant <tenant> --surface <api> --name "order desk" --scopes read',
    ),
    TEXTS.map(([title, ...paragraphs]) => [h('h2', {}, title), paragraphs.map((text) => h('p', {}, prose(text)))]),
    h('h2', {}, 'Scopes'),
    scopeTable(),
    h('h2', {}, 'Errors'),
    errorTable(),
  ];
}

const DEVELOPMENT_KEYS =
  'This is a development server. The keys of its tenants are offered at the top of this page; they open every API. An operator creates further keys:';
const ASK_FOR_KEYS =
  'The operator of this server creates keys, and a tenant’s administrator can create keys of the tenant over HTTP (Administration):';

/** API → header. The documents of the vendors and of the administration are small; that of FHIR is not read for this. */
function headerTable(documents) {
  const rows = documents.map(({ name, title, credential }) =>
    h(
      'tr',
      {},
      h('th', { scope: 'row' }, h('a', { href: link(name) }, title)),
      h('td', {}, h('code', {}, `${credential.header}: ${credential.format}`)),
    ),
  );
  return table(['API', 'Header'], rows);
}

const table = (head, rows) =>
  h(
    'div',
    { className: 'scroll' },
    h(
      'table',
      {},
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          head.map((text) => h('th', { scope: 'col' }, text)),
        ),
      ),
      h('tbody', {}, rows),
    ),
  );

const textTable = (head, lines) =>
  table(
    head,
    lines.map(([name, text]) => h('tr', {}, h('th', { scope: 'row' }, h('code', {}, name)), h('td', {}, prose(text)))),
  );

const scopeTable = () =>
  textTable(
    ['Scope', 'Allows'],
    [
      ['read', 'to read and search every type'],
      ['write', 'to create, update, patch and delete every type, without reading'],
      ['*', 'both'],
      ['system/Patient.rs', 'on one type, the letters of `cruds`: create, read, update, delete, search'],
      ['system/Observation.rs?category=laboratory', 'the same, on the resources that this search finds'],
    ],
  );

const errorTable = () =>
  textTable(
    ['Status', 'Means'],
    [
      ['401', 'The key is missing, unknown, revoked or expired. The text is the same for all of them.'],
      ['403', 'The key opens another API, or its scopes do not cover the request. The response names the missing scope.'],
      ['404', 'There is no such item. Data of another tenant, and outside the scopes of a patient, does not exist for a key.'],
      ['429', 'Too many requests: repeat after the seconds in `Retry-After`.'],
    ],
  );

const TEXTS = [
  [
    'Access tokens',
    'Where the operator has configured an issuer, the FHIR API accepts its JWT access tokens as bearer tokens, with SMART’s `system/`, `user/` and `patient/` scopes. SMART apps find its endpoints at `/fhir/R4/.well-known/smart-configuration`.',
  ],
  [
    'Keep keys secret',
    'A key is sent in a header only, never in a URL. This page keeps a key that you type in its memory, and its code samples read a variable instead.',
  ],
];
