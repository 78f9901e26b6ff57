// A person at the console without a pointer: every step is a key, and begins where the focus is. Where the focus is must be seen at each step.
// https://www.w3.org/WAI/WCAG22/Understanding/focus-visible, focus-not-obscured-minimum
import { until } from '../until.ts';
import type { ConsolePage } from './console-page.ts';

export interface KeyboardUser {
  /** Presses Tab (or Shift+Tab) until an element that matches and contains the text has the focus, and looks where it is at each step. */
  tabTo(selector: string, text?: string, key?: 'Tab' | 'Shift+Tab'): Promise<void>;
  /** Waits until an element that matches has the focus without a key. */
  arriveAt(selector: string, text?: string): Promise<void>;
  press(key: string): Promise<void>;
  /** Types where the focus is, and chooses the option that has this text. */
  choose(typed: string, option: string): Promise<void>;
}

/** More stops than any view of the tests has. */
const MOST_STOPS = 80;

/** The innermost element that has the focus, also of a shadow root. */
const FOCUSED = `(() => {
  let own = document.activeElement;
  while (own?.shadowRoot?.activeElement) own = own.shadowRoot.activeElement;
  return own;
})()`;

/**
 * Why the focus is not seen: the empty text if it is. An outline of the element or of a frame around it shows it; the heading of a view is seen as such. Nothing may
 * lie over it.
 */
const FIND_UNSEEN = `((own) => {
  if (!own || own === document.body) return 'nothing has the focus';
  const name = own.localName + '.' + own.className + ' ' + (own.ariaLabel ?? own.textContent.slice(0, 40));
  const parentOf = (one) => one.parentElement ?? one.getRootNode().host;
  const around = [];
  for (let at = own; at && around.length < 8; at = parentOf(at)) around.push(at);
  const isOutlined = (one) => getComputedStyle(one).outlineStyle !== 'none' && parseFloat(getComputedStyle(one).outlineWidth) >= 1;
  if (!own.matches('h1, main') && !around.some(isOutlined)) return 'no outline: ' + name;
  const { left, top, right, bottom } = own.getBoundingClientRect();
  const [x, y] = [(Math.max(left, 0) + Math.min(right, innerWidth)) / 2, (Math.max(top, 0) + Math.min(bottom, innerHeight)) / 2];
  if (right <= 0 || bottom <= 0 || left >= innerWidth || top >= innerHeight) return 'outside of the window: ' + name;
  const over = own.getRootNode().elementFromPoint(x, y);
  return over && (own.contains(over) || over.contains(own)) ? '' : 'behind ' + over?.localName + '.' + over?.className + ': ' + name;
})(${FOCUSED})`;

export function becomeKeyboardUser(page: ConsolePage): KeyboardUser {
  const has = (selector: string, text = ''): Promise<boolean> => {
    const [selects, contains] = [JSON.stringify(selector), JSON.stringify(text)];
    return page.evaluate(`((own) => own !== null && own.matches(${selects}) && own.textContent.includes(${contains}))(${FOCUSED})`);
  };
  const look = async (): Promise<void> => expect(await page.evaluate<string>(FIND_UNSEEN)).toBe('');
  return {
    async tabTo(selector, text = '', key = 'Tab') {
      for (let stop = 0; stop < MOST_STOPS; stop++) {
        await page.keyboard.press(key);
        await look();
        if (await has(selector, text)) return;
      }
      throw new Error(`${key} does not lead to ${selector} ${text}`);
    },
    async arriveAt(selector, text = '') {
      await until(() => has(selector, text));
      await look();
    },
    press: (key) => page.keyboard.press(key),
    async choose(typed, option) {
      await page.keyboard.type(typed);
      // options of the text before are not chosen by Enter
      await page.waitForSelector(`.combobox-popup:not(:has-text("Searching")) [role=option][aria-selected=true]:has-text("${option}")`);
      await look();
      await page.keyboard.press('Enter');
      await page.waitForSelector('[role=option]', { state: 'detached' });
    },
  };
}
