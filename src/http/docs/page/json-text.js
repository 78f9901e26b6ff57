// Shows JSON indented and coloured. The text is not parsed and serialized, because that would turn 1.00 into 1.
import { h } from './dom.js';

const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null|[{}[\],:]/g;

/** A text in a `pre`. A text that is not JSON is shown unchanged. */
export function jsonBlock(text, label) {
  const isJson = parses(text);
  return h('pre', { tabIndex: 0, ariaLabel: label }, isJson ? coloured(text) : text);
}

function parses(text) {
  try {
    return typeof JSON.parse(text) === 'object';
  } catch {
    return false;
  }
}

function coloured(text) {
  const tokens = text.match(TOKEN) ?? [];
  const out = [];
  let depth = 0;
  const line = () => out.push(`\n${'  '.repeat(depth)}`);
  tokens.forEach((token, at) => {
    const next = tokens[at + 1];
    if (token === '}' || token === ']') {
      depth--;
      if (!'{['.includes(tokens[at - 1])) line();
    }
    out.push(token === ':' ? ': ' : marked(token, next === ':'));
    if (token === '{' || token === '[') depth++;
    if (token === ',' || ((token === '{' || token === '[') && !'}]'.includes(next))) line();
  });
  return out;
}

function marked(token, isName) {
  if (isName) return h('span', { className: 'name' }, token);
  if (token.startsWith('"')) return h('span', { className: 'text' }, token);
  return '{}[],'.includes(token) ? token : h('span', { className: 'value' }, token);
}
