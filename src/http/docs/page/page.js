// The whole page. The part after # is the address: a guide (#quick-start), or an API and its operation (#/loop/create-patient).
import { link, operationList, overview } from './contents.js';
import { documentOf, index } from './documents.js';
import { fill, h } from './dom.js';
import { GUIDES } from './guides.js';
import { forgetKeyListeners, loadKeys, showKeyControl } from './keys.js';
import { operationView } from './operation.js';

const at = (id) => document.getElementById(id);
let documents = [];

/** The guide, or the API and the operation. Without an address: the first guide. */
function place() {
  const guide = GUIDES.find(({ id }) => location.hash === `#${id}`);
  const [, surface, operation] = location.hash.split('/').map(decodeURIComponent);
  if (guide || !documents.some(({ name }) => name === surface)) return { guide: guide ?? GUIDES[0] };
  return { surface, operation };
}

async function show() {
  const asked = location.hash;
  const { guide, surface, operation } = place();
  closeMenu();
  showLinks(guide, surface);
  const loaded = surface && (await documentOf(surface));
  const one = loaded?.operations.find(({ operationId }) => operationId === operation);
  forgetKeyListeners();
  const content = guide ? await guide.build(documents) : one ? operationView(surface, one) : overview(loaded);
  if (location.hash !== asked) return;
  document.title = `${guide?.title ?? one?.summary ?? loaded.content.info.title} · Facet`;
  showKeyControl(at('key-control'), surface ?? documents[0].name);
  at('find').hidden = !loaded;
  fill(at('operations'), loaded && operationList(loaded, { current: one, wanted: wanted() }));
  at('operations').querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest' });
  fill(at('content'), content);
  scrollTo(0, 0);
  at('content').scrollTop = 0;
}

function showLinks(guide, surface) {
  const item = (href, isCurrent, text) => h('a', { href, ariaCurrent: isCurrent ? 'page' : undefined }, text);
  fill(
    at('surfaces'),
    documents.map(({ name, title }) => item(link(name), name === surface, title)),
  );
  fill(
    at('guides'),
    GUIDES.map((one) => item(`#${one.id}`, one === guide, one.title)),
  );
}

const wanted = () => at('find').value.trim().toLowerCase();

async function find() {
  const { surface, operation } = place();
  if (surface === undefined) return;
  const loaded = await documentOf(surface);
  fill(
    at('operations'),
    operationList(loaded, { current: loaded.operations.find(({ operationId }) => operationId === operation), wanted: wanted() }),
  );
}

const setMenu = (isOpen) => {
  at('menu').ariaExpanded = String(isOpen);
  at('menu-content').classList.toggle('open', isOpen);
};
const closeMenu = () => setMenu(false);

/** After a choice from a list, the keyboard is at the content. */
async function follow() {
  await show();
  at('content').querySelector('h1')?.focus({ preventScroll: true });
}

function onKey(event) {
  if (event.key === 'Escape') closeMenu();
  if (event.key !== '/' || event.ctrlKey || event.metaKey || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
  if (at('find').hidden) return;
  event.preventDefault();
  setMenu(true);
  at('find').focus();
}

async function start() {
  [documents] = await Promise.all([index(), loadKeys()]);
  at('find').addEventListener('input', find);
  at('menu').addEventListener('click', () => setMenu(at('menu').ariaExpanded !== 'true'));
  addEventListener('keydown', onKey);
  addEventListener('hashchange', follow);
  await show();
}

start().catch(() =>
  fill(at('content'), h('h1', {}, 'Nothing to show'), h('p', {}, 'The documents could not be read. Is the server running?')),
);
