// A request to try: its code in several languages, the button that sends it, and the response.
import { fill, h } from './dom.js';
import { jsonBlock } from './json-text.js';
import { keyOf, shownKeyOf } from './keys.js';
import { send, withOrigin } from './request.js';
import { LANGUAGES } from './samples.js';
import { tabList } from './tabs.js';

/** The language that the user chose last. */
let language = 0;

/** The code of a request. `read` returns the request as it is now. */
export function sampleTabs(surface, read) {
  const tabs = LANGUAGES.map(({ name, write }) => ({
    name,
    show: () => {
      const text = write(withOrigin(read()), shownKeyOf(surface));
      return h('div', { className: 'code' }, copyButton(text), h('pre', { tabIndex: 0, ariaLabel: `The request in ${name}` }, text));
    },
  }));
  return tabList('Language', tabs, {
    selected: language,
    onSelect: (at) => {
      language = at;
    },
  });
}

function copyButton(text) {
  const button = h('button', { type: 'button', className: 'second copy', onclick: copy }, 'Copy');
  async function copy() {
    await navigator.clipboard.writeText(text).then(
      () => fill(button, 'Copied'),
      () => fill(button, 'Not allowed'),
    );
    setTimeout(() => fill(button, 'Copy'), 1500);
  }
  return button;
}

/** A place for the response, and the function that sends a request and shows its response there. */
export function answerPlace(surface) {
  const element = h('div', { className: 'answer', ariaLive: 'polite' });
  const show = async (request) => {
    const waiting = setTimeout(() => fill(element, h('h2', {}, 'Response'), h('p', { className: 'quiet' }, 'Waiting …')), 150);
    const content = await respond(request, keyOf(surface));
    clearTimeout(waiting);
    fill(element, content);
  };
  return { element, show };
}

async function respond(request, key) {
  try {
    const { status, reason, headers, text, took } = await send(request, key);
    return [
      h('h2', {}, 'Response'),
      h(
        'p',
        { className: 'status' },
        h('strong', { className: `s${String(status)[0]}` }, `${status} ${reason}`.trim()),
        ` in ${took} ms`,
        h('code', { className: 'path' }, `${request.method} ${request.path}`),
      ),
      status === 401 && key === '' && h('p', {}, 'Without a key: ', h('a', { href: '#authentication' }, 'how to get one'), '.'),
      text === '' ? h('p', { className: 'quiet' }, 'No body.') : jsonBlock(text, 'The body of the response'),
      h(
        'details',
        {},
        h('summary', {}, `${headers.length} headers`),
        h(
          'table',
          { className: 'headers' },
          headers.map(([name, value]) => h('tr', {}, h('th', { scope: 'row' }, name), h('td', {}, value))),
        ),
      ),
    ];
  } catch {
    return [
      h('h2', {}, 'Response'),
      h('p', { className: 'status' }, h('strong', { className: 's5' }, 'No response'), ' The server could not be reached.'),
    ];
  }
}
