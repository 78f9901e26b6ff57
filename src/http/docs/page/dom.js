// Elements without markup: texts become text nodes, so that nothing a document or an answer says is ever read as HTML.

/** An element with attributes (`on…`: listeners; undefined and false are left out) and children (texts, elements, lists of them, or nothing). */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name in element && name !== 'list') element[name] = value;
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat(3).filter((child) => child !== undefined && child !== null && child !== false));
  return element;
}

/** Puts these in the place of what an element holds. */
export const fill = (element, ...children) => element.replaceChildren(...children.flat(3).filter(Boolean));

/** `code` and plain text of a sentence that marks code by backticks. */
export const prose = (text = '') => text.split('`').map((part, at) => (at % 2 ? h('code', {}, part) : part));
