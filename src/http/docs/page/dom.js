// Creates DOM elements. Texts become text nodes, so that texts of documents and responses are never parsed as HTML.

/** An element with attributes and children. `on…` attributes are listeners; undefined and false attributes are left out. Children: texts, elements, or lists of these. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name in element && name !== 'list') element[name] = value;
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false));
  return element;
}

/** Replaces the children of an element. */
export const fill = (element, ...children) => element.replaceChildren(...children.flat(Infinity).filter(Boolean));

/** The nodes of a sentence. Text in backticks becomes `code` elements. */
export const prose = (text = '') => text.split('`').map((part, at) => (at % 2 ? h('code', {}, part) : part));
