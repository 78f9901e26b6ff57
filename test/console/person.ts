// A person at the console: does what a person does, by what is seen, and counts the steps. A click, a field that is filled in and a key press are one step each.
import type { OpenConsole } from './open-console.ts';

export interface Person {
  click(selector: string): Promise<void>;
  doubleClick(selector: string): Promise<void>;
  fill(selector: string, text: string): Promise<void>;
  /** Chooses from a list by its text. */
  choose(selector: string, label: string): Promise<void>;
  press(key: string): Promise<void>;
  /** Types where the focus is. */
  type(text: string): Promise<void>;
  /** Looks for what is to be seen: no step. */
  see(selector: string): Promise<void>;
  read(selector: string): Promise<string>;
  countSteps(): number;
}

/** Begins at the overview, signed in as the tenant demo. */
export async function beginTask({ page, go }: OpenConsole): Promise<Person> {
  await go('/');
  await page.waitForSelector('h1:has-text("Overview")');
  let steps = 0;
  const step = async (action: Promise<unknown>): Promise<void> => {
    steps++;
    await action;
  };
  return {
    click: (selector) => step(page.click(selector)),
    doubleClick: (selector) => step(page.dblclick(selector)),
    fill: (selector, text) => step(page.fill(selector, text)),
    choose: (selector, label) => step(page.selectOption(selector, { label })),
    press: (key) => step(page.keyboard.press(key)),
    async type(text) {
      await page.waitForSelector(':is(input, textarea, .cm-content):focus');
      await step(page.keyboard.type(text));
    },
    see: async (selector) => void (await page.waitForSelector(selector)),
    read: async (selector) => (await page.textContent(selector)) ?? '',
    countSteps: () => steps,
  };
}
