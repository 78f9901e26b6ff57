// Tabs by the pattern of the ARIA Authoring Practices: arrow keys move and select. https://www.w3.org/WAI/ARIA/apg/patterns/tabs/
import { fill, h } from './dom.js';

let made = 0;

/** Tabs over one panel. `tabs`: `{ name, show() }`, where `show` returns the content. Returns the element and `refresh`, which shows the selected tab again. */
export function tabList(label, tabs, { selected = 0, onSelect = () => {} } = {}) {
  const id = `tabs-${++made}`;
  let current = Math.min(selected, tabs.length - 1);
  const panel = h('div', { id: `${id}-panel`, role: 'tabpanel', className: 'tab-panel' });
  const refresh = () => fill(panel, tabs[current].show());
  const select = (at, focus) => {
    current = (at + tabs.length) % tabs.length;
    buttons.forEach((button, index) => {
      button.ariaSelected = String(index === current);
      button.tabIndex = index === current ? 0 : -1;
    });
    panel.setAttribute('aria-labelledby', buttons[current].id);
    if (focus) buttons[current].focus();
    onSelect(current);
    refresh();
  };
  const buttons = tabs.map(({ name }, at) =>
    h('button', { type: 'button', role: 'tab', id: `${id}-${at}`, onclick: () => select(at), 'aria-controls': panel.id }, name),
  );
  const moves = { ArrowRight: () => current + 1, ArrowLeft: () => current - 1, Home: () => 0, End: () => tabs.length - 1 };
  const onkeydown = (event) => {
    if (!moves[event.key]) return;
    event.preventDefault();
    select(moves[event.key](), true);
  };
  select(current);
  return { element: h('div', { className: 'tabs' }, h('div', { role: 'tablist', ariaLabel: label, onkeydown }, buttons), panel), refresh };
}
